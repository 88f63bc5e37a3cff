import type { Command, Unexpanded } from "./environment.ts";
import { findShellSyntax } from "./shell-syntax.ts";
import type { ProcessTemplate } from "./template.ts";

/** What is allowed in a template, and likely not meant. */
export interface Advice {
  readonly key: "cmd" | "args" | "cwd";
  /** Follows the key. */
  readonly message: string;
}

/** All that looks like a slip in the command of a template; `command` is what `commandOf` makes of it. */
export function adviseOnCommand(template: ProcessTemplate, command: Command | undefined): Advice[] {
  const unexpanded = (command?.unexpanded ?? []).map((each) => ({ key: each.key, message: adviceOnUnexpanded(each) }));
  if (template.shell) return unexpanded;
  return [...findShellSyntax(template.cmd, "cmd").map((message) => ({ key: "cmd" as const, message })), ...unexpanded];
}

/** By their `args`, which a template shares with its copies for another number of processes. */
const advised = new WeakSet<ProcessTemplate["args"]>();

/** Says that the reader of the file was told already. */
export function markAdvised({ args }: ProcessTemplate): void {
  advised.add(args);
}

/** `adviseOnCommand` the first time, then nothing: once is enough, however often its processes start. */
export function adviseOnce(template: ProcessTemplate, command: Command): Advice[] {
  if (advised.has(template.args)) return [];
  markAdvised(template);
  return adviseOnCommand(template, command);
}

/** A variable that is not set, or a form that only a shell knows, and what to do. */
export function adviceOnUnexpanded({ written, isSupported }: Pick<Unexpanded, "written" | "isSupported">): string {
  return isSupported
    ? `${written} is not set, and stays as it is written: set it, or write $$ for a $ that is text`
    : `${written} stays as it is written: only $VAR, \${VAR} and \${VAR:-default} are replaced`;
}
