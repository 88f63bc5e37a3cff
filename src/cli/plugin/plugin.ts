import { runCommand } from "citty";
import { stdout } from "../../log.ts";
import { installCommand } from "./install.ts";
import { listCommand } from "./list.ts";
import { newCommand } from "./new.ts";
import { parsePluginArguments } from "./parse-plugin-arguments.ts";
import { pluginHelp } from "./plugin-help.ts";
import { removeCommand } from "./remove.ts";

const commands = { list: listCommand, install: installCommand, remove: removeCommand, new: newCommand };

/** `gafferd plugin …`, from the words after it. Throws what keeps it from being done. */
export async function runPlugin(argv: readonly string[]): Promise<void> {
  const { verb, options } = parsePluginArguments(argv);
  if (options.help || verb === undefined) stdout.write(pluginHelp(verb));
  else await runCommand(commands[verb], { rawArgs: [], data: options });
}
