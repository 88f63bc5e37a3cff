import { defineCommand, runCommand } from "citty";
import { stdout } from "../../log/outlet.ts";
import { suggestion } from "../../suggestion.ts";
import { checkWords, UsageError, withoutShortEquals } from "../check-words.ts";
import { installCommand } from "./install.ts";
import { listCommand } from "./list.ts";
import { newCommand } from "./new.ts";
import { commandHelp, definitionsOf, pluginHelp } from "./plugin-help.ts";
import { commonOptions } from "./plugin-options.ts";
import { removeCommand } from "./remove.ts";

/** The commands of `gafferd plugin`, in the order of `--help`. */
export const pluginCommands = { list: listCommand, install: installCommand, remove: removeCommand, new: newCommand };

const command = defineCommand({ meta: { name: "plugin" }, subCommands: pluginCommands });
const names = Object.keys(pluginCommands);

/** Runs `gafferd plugin` with these arguments. Throws UsageError, or a GafferdError if the command fails. */
export async function runPlugin(argv: readonly string[]): Promise<void> {
  const [name = "", ...words] = argv;
  if (name === "" || name.startsWith("-")) {
    const { help } = commonOptions;
    if (checkWords(argv, { help }).has("help")) return stdout.write(pluginHelp(pluginCommands));
    throw new UsageError(
      `\`gafferd plugin\` needs a command: ${names.join(", ")} (for a configuration file called plugin, write \`./plugin\`)`,
    );
  }
  if (!isCommand(name)) {
    const near = suggestion(name, names) || `; the commands are ${names.join(", ")}`;
    throw new UsageError(`unknown command \`plugin ${name}\`${near}`);
  }
  const args = definitionsOf(pluginCommands[name]);
  const rawArgs = withoutShortEquals(words, args);
  if (checkWords(rawArgs, args).has("help")) return stdout.write(commandHelp(name, pluginCommands[name]));
  // As root, gafferd does not use plugins that others may write.
  process.umask(process.umask() | 0o022);
  await runCommand(command, { rawArgs: [name, ...rawArgs] });
}

function isCommand(name: string): name is keyof typeof pluginCommands {
  return names.includes(name);
}
