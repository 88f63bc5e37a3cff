import type { ArgsDef, CommandMeta, Resolvable } from "citty";
import { optionLine } from "../help.ts";
import type { Definition } from "../options.ts";

/** The part of a citty command that help shows. */
export interface DescribedCommand {
  readonly meta?: Resolvable<CommandMeta>;
  readonly args?: Resolvable<ArgsDef>;
}

/** The text of `gafferd plugin --help`. */
export function pluginHelp(commands: Readonly<Record<string, DescribedCommand>>): string {
  const lines = Object.entries(commands).map(
    ([name, command]) => `    ${[name, ...argumentsOf(command)].join(" ").padEnd(30)}  ${descriptionOf(command)}`,
  );
  return `usage: gafferd plugin COMMAND [-p DIR|--plugins-dir=DIR] [-c CONFIG]

Commands

${lines.join("\n")}

    gafferd plugin COMMAND --help shows the options of a command.
    A running gafferd serves new sites at once. Restart it to load new code.
`;
}

/** The text of `gafferd plugin COMMAND --help`. */
export function commandHelp(name: string, command: DescribedCommand): string {
  const options = Object.entries(definitionsOf(command)).filter(([, { type }]) => type !== "positional");
  const lines = options.map(([option, definition]) => optionLine(option, definition as Definition));
  const usage = ["usage: gafferd plugin", name, "[options]", ...argumentsOf(command)].join(" ");
  return `${usage}\n\n    ${descriptionOf(command)}\n\nOptions\n\n${lines.join("\n")}\n`;
}

/** citty also accepts functions and promises here; these commands use neither. */
export function definitionsOf({ args }: DescribedCommand): ArgsDef {
  return args as ArgsDef;
}

function descriptionOf({ meta }: DescribedCommand): string {
  return (meta as CommandMeta).description ?? "";
}

function argumentsOf(command: DescribedCommand): string[] {
  return Object.values(definitionsOf(command)).flatMap(({ type, valueHint = "" }) =>
    type === "positional" ? [valueHint] : [],
  );
}
