import { GafferdError } from "../errors.ts";
import { adviseOnCommand, markAdvised } from "../template/advice.ts";
import { buildEnvironment, type Command, commandOf } from "../template/environment.ts";
import { adviceOnComment, findShellSyntax } from "../template/shell-syntax.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { InheritedEnvironment } from "./expand-values.ts";
import type { IniValue } from "./ini.ts";
import type { ConfigProblem } from "./problem.ts";
import { type Report, type Section, type SectionKind, valueOf, warnOfValue } from "./section.ts";
import { isTrue } from "./value.ts";

/** In steps, warns of values that probably contain too much: a comment at the end, quotes around the whole value. */
export function* warnOfSections(sections: readonly Section[], report: Report): Generator<void> {
  for (const section of sections) {
    yield;
    for (const value of section.values) {
      const isCommand = section.kind === "process" && (value.key === "cmd" || value.key === "args");
      const comment = isCommand ? undefined : inlineComment(value.text);
      if (comment !== undefined) warnOfValue(section, value, report, adviceOnComment(comment));
      const foreign = isCommand && isShell(section) ? undefined : foreignVariable(value.text);
      if (foreign !== undefined) warnOfValue(section, value, report, foreign);
      const takesQuotes = isCommand || !quotedKinds.includes(section.kind) || value.key.startsWith("include");
      if (!takesQuotes && /^"[^"]*"$|^'[^']*'$/.test(value.text)) {
        warnOfValue(section, value, report, "the quotes are part of the value; remove them unless you need them");
      }
    }
  }
}

/** Sections in which quotes around a whole value are probably a mistake. A plugin may remove them itself. */
const quotedKinds: readonly SectionKind[] = ["env", "process", "endpoint", "gaffer"];

/**
 * In steps, warns of probable mistakes in `templates`: shell syntax, unset variables, a policy without effect, overlapping ports.
 */
export function* warnOfTemplates(
  templates: readonly ProcessTemplate[],
  sections: readonly Section[],
  inherited: InheritedEnvironment,
  report: Report,
): Generator<void> {
  const byLabel = new Map(sections.map((section) => [section.label, section]));
  const withPort = templates.filter(({ port }) => port !== undefined);
  for (const template of templates) {
    yield;
    const section = byLabel.get(template.name);
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
      warn("on_give_up", "has no effect: with `backoff`, retries never end; set `flapping` or `backoff = off`");
    }
    const other = withPort.find((each) => each !== template && shareSomePort(each, template));
    if (other !== undefined) warn("port", `the ports overlap with those of [process:${other.name}]`);
  }
}

/** Whether processes that exit or cannot be started are retried without limit. */
function isNeverGivenUp({ backoff, flapping, restart, detach }: ProcessTemplate): boolean {
  const isFlappingForEver = flapping === undefined || flapping.maxRetries === Infinity;
  return backoff !== undefined && isFlappingForEver && restart !== "never" && !detach;
}

function shareSomePort(a: ProcessTemplate, b: ProcessTemplate): boolean {
  if (a.port === undefined || b.port === undefined) return false;
  return a.port < b.port + b.numprocesses && b.port < a.port + a.numprocesses;
}

/** Adds advice to the problems of values that end with a comment. */
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

/** The sign of a probable comment after a value: a `;` or `#` after whitespace and outside of quotes. */
function inlineComment(text: string): string | undefined {
  return /(?<=\S)[ \t]+([;#])/.exec(text.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, "_"))?.[1];
}

function isShell(section: Section): boolean {
  return isTrue(valueOf(section, "shell")?.text ?? "");
}

const foreignForms: readonly RegExp[] = [/%\((\w+)\)\d*[sd]/, /\$\(circus\.([\w.]+)\)/, /\$\(([A-Z_][A-Z\d_]*)\)/];

/**
 * The warning about a variable in the syntax of supervisor (`%(ENV_HOME)s`), circus (`$(circus.env.HOME)`) or
 * Kubernetes (`$(HOME)`); undefined if there is none.
 */
function foreignVariable(text: string): string | undefined {
  for (const form of foreignForms) {
    const [written, name = ""] = form.exec(text) ?? [];
    if (written === undefined) continue;
    const variable = /^(?:ENV_|env\.)(\w+)$/.exec(name)?.[1] ?? /^[A-Z_][A-Z\d_]*$/.exec(name)?.[0];
    const counterpart = /^(process_num|wid)$/.test(name) ? "GAFFER_SLOT" : variable;
    const advice = counterpart === undefined ? "remove it" : `write $${counterpart}`;
    return `${written} is syntax of another tool and is not replaced; ${advice}`;
  }
  return undefined;
}

/** The command of a template; undefined if it cannot be built now. Then the start of a process reports the error. */
function tryCommand(template: ProcessTemplate, inherited: InheritedEnvironment): Command | undefined {
  try {
    // With `uid`, the values are known only when a process starts. Here it matters only that they are set.
    const userVariables = template.uid === undefined ? {} : { HOME: "/", USER: "-", LOGNAME: "-", SHELL: "/bin/sh" };
    return commandOf(template, buildEnvironment(template, { base: inherited, userVariables, slot: 0 }));
  } catch (error) {
    if (error instanceof GafferdError) return undefined;
    throw error;
  }
}
