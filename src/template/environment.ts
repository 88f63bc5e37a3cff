import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { reasonOf } from "../reason.ts";
import { GafferdError } from "../errors.ts";
import type { ProcessTemplate } from "./template.ts";
import { quoteWord, splitWords } from "./words.ts";

/**
 * What a new process of this template finds in its environment: `base` if `osEnv`, then the env files in order, then
 * `env`; later ones win. Reads the files anew each time. Throws `spawn_failed` for a file that cannot be read.
 */
export function buildEnvironment(
  template: ProcessTemplate,
  base: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const environment = new Map<string, string>();
  const add = (variables: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, value] of Object.entries(variables)) if (value !== undefined) environment.set(name, value);
  };
  if (template.osEnv) add(base);
  for (const file of template.envFiles) add(readEnvFile(file));
  add(template.env);
  return Object.fromEntries(environment);
}

export interface Substitution {
  readonly text: string;
  /** Names of variables that are not set: they stay in `text` as they were written. */
  readonly unknown: string[];
}

/** Replaces `$VAR` and `${VAR}`, once: what a value holds is not looked at again. */
export function substitute(word: string, env: Readonly<Record<string, string>>): Substitution {
  const unknown: string[] = [];
  const text = word.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (written, braced, bare) => {
    const name: string = braced ?? bare;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined) unknown.push(name);
    return value ?? written;
  });
  return { text, unknown };
}

export interface Command {
  /** At least one word; the first is absolute, or a name to be looked up in `PATH`. */
  readonly argv: string[];
  /** Variables named in `cmd` or `args` that are not set, each once. */
  readonly unknown: string[];
}

/**
 * What to execute. Variables are replaced after the words are split, so that a value with blanks stays one word; under
 * `shell` that is left to the shell. Throws `spawn_failed` if the variables leave no program to start.
 */
export function commandOf(template: ProcessTemplate, env: Readonly<Record<string, string>>): Command {
  if (template.shell) {
    return { argv: ["sh", "-c", [template.cmd, ...template.args.map(quoteWord)].join(" ")], unknown: [] };
  }
  const words = [...splitWords(template.cmd, env["HOME"] || homedir()), ...template.args];
  const unknown = new Set<string>();
  const argv = words.map((word) => {
    const substitution = substitute(word, env);
    for (const name of substitution.unknown) unknown.add(name);
    return substitution.text;
  });
  const [program, ...rest] = argv;
  if (!program) {
    throw new GafferdError(
      "spawn_failed",
      `cannot start ${template.name}: its command \`${template.cmd}\` names no program once its variables are replaced`,
    );
  }
  return { argv: [program.includes("/") ? resolve(template.cwd, program) : program, ...rest], unknown: [...unknown] };
}

function readEnvFile(file: string): Readonly<Record<string, string | undefined>> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new GafferdError("spawn_failed", `cannot read the env file ${file}: ${reasonOf(cause)}`, { cause });
  }
  if (text.includes("\0")) {
    throw new GafferdError("spawn_failed", `cannot use the env file ${file}: it holds a NUL byte`);
  }
  return parseEnv(text.replace(/^\uFEFF/, ""));
}
