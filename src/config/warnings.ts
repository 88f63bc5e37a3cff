import { GafferdError } from "../errors.ts";
import { adviseOnCommand, markAdvised } from "../template/advice.ts";
import { buildEnvironment, type Command, commandOf } from "../template/environment.ts";
import { commentAdvice, findShellSyntax } from "../template/shell-syntax.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { InheritedEnvironment } from "./expand-values.ts";
import type { IniValue } from "./ini.ts";
import type { ConfigProblem } from "./problem.ts";
import { type Report, type Section, type SectionKind, valueOf, warnOfValue } from "./section.ts";

/** Reports values that likely hold more than was meant: a comment at their end, quotes around all of them. */
export function warnOfSections(sections: readonly Section[], report: Report): void {
  for (const section of sections) {
    for (const value of section.values) {
      const isCommand = section.kind === "process" && (value.key === "cmd" || value.key === "args");
      const comment = isCommand ? undefined : inlineComment(value.text);
      if (comment !== undefined) warnOfValue(section, value, report, adviceOnComment(comment));
      const foreign = isCommand && isShell(section) ? undefined : foreignVariable(value.text);
      if (foreign !== undefined) warnOfValue(section, value, report, foreign);
      const takesQuotes = isCommand || !quotedKinds.includes(section.kind) || value.key.startsWith("include");
      if (!takesQuotes && /^"[^"]*"$|^'[^']*'$/.test(value.text)) {
        warnOfValue(section, value, report, `the quotes are part of the value: leave them out, unless they are meant`);
      }
    }
  }
}

/** Where quotes around a whole value are likely meant to be removed. A plugin may do that itself. */
const quotedKinds: readonly SectionKind[] = ["env", "process", "endpoint", "gaffer"];

/** Reports what in the commands of `templates` is allowed, and likely not meant: what only a shell knows, unset variables. */
export function warnOfTemplates(
  templates: readonly ProcessTemplate[],
  sections: readonly Section[],
  inherited: InheritedEnvironment,
  report: Report,
): void {
  for (const template of templates) {
    const section = sections.find(({ label }) => label === template.name);
    if (section === undefined) continue;
    const warn = (key: string, message: string): void => {
      const value = valueOf(section, key);
      if (value !== undefined) warnOfValue(section, value, report, message);
    };
    markAdvised(template);
    for (const { key, message } of adviseOnCommand(template, tryCommand(template, inherited))) warn(key, message);
    const args = template.shell ? undefined : valueOf(section, "args");
    for (const message of args === undefined ? [] : findShellSyntax(args.text, "args")) warn("args", message);
    if (template.onGiveUp === "shutdown" && isNeverGivenUp(template)) {
      warn("on_give_up", "never happens: with `backoff` it is tried for ever; set `flapping`, or `backoff = off`");
    }
    const other = templates.find((each) => each !== template && shareSomePort(each, template));
    if (other !== undefined) warn("port", `the same ports are given to [process:${other.name}]`);
  }
}

/** What cannot be started, or exits, is tried again without an end. */
function isNeverGivenUp({ backoff, flapping, restart, detach }: ProcessTemplate): boolean {
  const isFlappingForEver = flapping === undefined || flapping.maxRetries === Infinity;
  return backoff !== undefined && isFlappingForEver && restart !== "never" && !detach;
}

function shareSomePort(a: ProcessTemplate, b: ProcessTemplate): boolean {
  if (a.port === undefined || b.port === undefined) return false;
  return a.port < b.port + b.numprocesses && b.port < a.port + a.numprocesses;
}

/** The problems, those of a value that ends with a comment with the advice where comments go. */
export function withCommentAdvice(problems: readonly ConfigProblem[], sections: readonly Section[]): ConfigProblem[] {
  const values = new Map<string, IniValue>();
  for (const value of sections.flatMap((section) => section.values)) values.set(`${value.file}:${value.line}`, value);
  return problems.map((problem) => {
    const value = problem.key === undefined ? undefined : values.get(`${problem.file}:${problem.line}`);
    const comment = value === undefined ? undefined : inlineComment(value.text);
    if (comment === undefined) return problem;
    return { ...problem, message: `${problem.message} (${adviceOnComment(comment)})` };
  });
}

/** The sign that begins what looks like a comment after a value: a `;` or `#` after a blank, outside of quotes. */
function inlineComment(text: string): string | undefined {
  return /(?<=\S)[ \t]+([;#])/.exec(text.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, "_"))?.[1];
}

/** What follows the sign is not shown: it may be the rest of a password. */
function adviceOnComment(sign: string): string {
  return `\`${sign}\` and what follows it ${commentAdvice}`;
}

function isShell(section: Section): boolean {
  return /^(true|yes|on|1)$/i.test(valueOf(section, "shell")?.text ?? "");
}

const foreignForms: readonly RegExp[] = [/%\((\w+)\)\d*[sd]/, /\$\(circus\.([\w.]+)\)/, /\$\(([A-Z_][A-Z\d_]*)\)/];

/**
 * Variables as supervisor (`%(ENV_HOME)s`), circus (`$(circus.env.HOME)`) and Kubernetes (`$(HOME)`) write them, and what
 * to write.
 */
function foreignVariable(text: string): string | undefined {
  for (const form of foreignForms) {
    const [written, name = ""] = form.exec(text) ?? [];
    if (written === undefined) continue;
    const variable = /^(?:ENV_|env\.)(\w+)$/.exec(name)?.[1] ?? /^[A-Z_][A-Z\d_]*$/.exec(name)?.[0];
    const ours = /^(process_num|wid)$/.test(name) ? "GAFFER_SLOT" : variable;
    return `${written} is of another tool, and stays as it is written: ${ours === undefined ? "leave it out" : `write $${ours}`}`;
  }
  return undefined;
}

/** Undefined when it cannot be known now: then a start says why. */
function tryCommand(template: ProcessTemplate, inherited: InheritedEnvironment): Command | undefined {
  try {
    // With `uid` these are known when a process starts: only that they are set counts here.
    const userVariables = template.uid === undefined ? {} : { HOME: "/", USER: "-", LOGNAME: "-", SHELL: "/bin/sh" };
    return commandOf(template, buildEnvironment(template, { base: inherited, userVariables, slot: 0 }));
  } catch (error) {
    if (error instanceof GafferdError) return undefined;
    throw error;
  }
}
