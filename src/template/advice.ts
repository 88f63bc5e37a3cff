import type { Command, Unexpanded } from "./environment.ts";
import { findShellSyntax } from "./shell-syntax.ts";
import type { ProcessTemplate } from "./template.ts";

/** A warning about a value that is allowed but is probably a mistake. */
export interface Advice {
  readonly key: "cmd" | "args" | "cwd";
  /** Text that follows the key. */
  readonly message: string;
}

/** All probable mistakes in the command of a template; `command` is the result of `commandOf`. */
export function adviseOnCommand(template: ProcessTemplate, command: Command | undefined): Advice[] {
  const unexpanded = (command?.unexpanded ?? []).map((each) => ({ key: each.key, message: adviceOnUnexpanded(each) }));
  if (template.shell) return unexpanded;
  return [...findShellSyntax(template.cmd, "cmd").map((message) => ({ key: "cmd" as const, message })), ...unexpanded];
}

/** Templates are identified by their `args`, which copies with another `numprocesses` share. */
const advised = new WeakSet<ProcessTemplate["args"]>();

/** Records that the warnings of this template have been reported. */
export function markAdvised({ args }: ProcessTemplate): void {
  advised.add(args);
}

/** `adviseOnCommand` on the first call for a template; an empty list after that, however often its processes start. */
export function adviseOnce(template: ProcessTemplate, command: Command): Advice[] {
  if (advised.has(template.args)) return [];
  markAdvised(template);
  return adviseOnCommand(template, command);
}

/** The warning about a variable that is not set, or an expression that only a shell supports. */
export function adviceOnUnexpanded({ written, isSupported }: Pick<Unexpanded, "written" | "isSupported">): string {
  return isSupported
    ? `${written} is not set and is not replaced; set it, or write $$ for a literal $`
    : `${written} is not replaced; only $VAR, \${VAR} and \${VAR:-default} are`;
}
