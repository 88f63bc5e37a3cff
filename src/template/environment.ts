import { homedir } from "node:os";
import { isAbsolute, normalize, resolve } from "node:path";
import { GafferdError } from "../errors.ts";
import { readEnvFile } from "./env-file.ts";
import { expandPattern } from "./expand.ts";
import { slotVariables } from "./slot.ts";
import type { ProcessTemplate } from "./template.ts";
import { quoteWord, scanWords } from "./words.ts";

export interface EnvironmentOptions {
  /** Default: gafferd's own environment. */
  readonly base?: Readonly<Record<string, string | undefined>>;
  /** Variables of the user that the process runs as; one that is undefined is not inherited. Default: none. */
  readonly userVariables?: Readonly<Record<string, string | undefined>>;
  /** Default: no variables of a slot. */
  readonly slot?: number;
}

/**
 * What a new process of this template finds in its environment: `base` if `osEnv`, then those of its user, then the env
 * files in order, then `env`, then what its slot sets; later ones win. `PWD` is missing unless the template sets it: see
 * `inFolder`. Reads the files each time. Throws `spawn_failed` for a file that cannot be read, with the number of the line
 * at fault, and for a slot without a port.
 */
export function buildEnvironment(
  template: ProcessTemplate,
  { base = process.env, userVariables = {}, slot }: EnvironmentOptions = {},
): Record<string, string> {
  const environment = new Map<string, string>();
  const add = (variables: Iterable<readonly [string, string | undefined]>): void => {
    for (const [name, value] of variables) if (value !== undefined) environment.set(name, value);
  };
  if (template.osEnv) add(Object.entries(base));
  // Those of gafferd itself, its folder and its user, are not the process's.
  for (const name of ["PWD", ...Object.keys(userVariables)]) environment.delete(name);
  add(Object.entries(userVariables));
  for (const file of template.envFiles) add(readEnvFile(file));
  add(Object.entries(template.env));
  if (slot !== undefined) add(Object.entries(slotVariables(template, slot)));
  return Object.fromEntries(environment);
}

/** The environment of a process that runs in a folder: `PWD` is that, unless the template sets it. */
export function inFolder(env: Readonly<Record<string, string>>, cwd: string): Record<string, string> {
  return { PWD: cwd, ...env };
}

/** What to execute, and where. */
export interface Command {
  /** At least one word; the first is absolute, or a name to be looked up in `PATH`. */
  readonly argv: string[];
  /** Absolute. */
  readonly cwd: string;
  /** What stays as it is written, each once. */
  readonly unexpanded: readonly Unexpanded[];
}

/** A variable that is not set, or a form that only a shell knows. */
export interface Unexpanded {
  readonly key: "cmd" | "args" | "cwd";
  /** `$FOO`, `${FOO:?x}`. */
  readonly written: string;
  readonly isSupported: boolean;
}

/**
 * What to execute. Variables are replaced after the words are split, so that a value with blanks stays one word; under
 * `shell` those of the command are left to the shell. Throws `spawn_failed` if the variables leave no program to start,
 * or a `cwd` that is not absolute.
 */
export function commandOf(template: ProcessTemplate, env: Readonly<Record<string, string>>): Command {
  const unexpanded = new Map<string, Unexpanded>();
  let known = env;
  const expand = (key: Unexpanded["key"], pattern: string): string => {
    const { text, unknown, unsupported } = expandPattern(pattern, known);
    const add = (written: string, isSupported: boolean): void => {
      if (!unexpanded.has(written)) unexpanded.set(written, { key, written, isSupported });
    };
    for (const name of unknown) add(`$${name}`, true);
    for (const written of unsupported) add(written, false);
    return text;
  };
  const cwd = toCwd(template, expand("cwd", template.cwd));
  known = inFolder(env, cwd);
  if (template.shell) {
    const args = template.args.map((arg) => quoteWord(arg.replaceAll("$$", () => "$")));
    const argv = ["sh", "-c", [template.cmd, ...args].join(" ")];
    return { argv, cwd, unexpanded: [...unexpanded.values()] };
  }
  const words = scanWords(template.cmd, env["HOME"] || homedir());
  const [program, ...rest] = [
    ...words.map(({ pattern }) => expand("cmd", pattern)),
    ...template.args.map((arg) => expand("args", arg)),
  ];
  if (!program) {
    throw new GafferdError(
      "spawn_failed",
      `cannot start ${template.name}: its command \`${template.cmd}\` names no program once its variables are replaced`,
      { field: "cmd" },
    );
  }
  const argv = [program.includes("/") ? resolve(cwd, program) : program, ...rest];
  return { argv, cwd, unexpanded: [...unexpanded.values()] };
}

function toCwd({ name, cwd }: ProcessTemplate, expanded: string): string {
  if (isAbsolute(expanded)) return normalize(expanded);
  throw new GafferdError(
    "spawn_failed",
    `cannot start ${name}: its working directory \`${cwd}\` is \`${expanded}\` once its variables are replaced, which is not absolute; write \`./${cwd}\` for a folder beside the file`,
    { field: "cwd" },
  );
}
