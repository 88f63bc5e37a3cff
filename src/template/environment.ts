import { homedir } from "node:os";
import { isAbsolute, normalize, resolve } from "node:path";
import { GafferdError } from "../errors.ts";
import type { FileUser } from "../files/as-user.ts";
import { readEnvFile } from "./env-file.ts";
import { expandPattern } from "./expand.ts";
import { slotVariables } from "./slot.ts";
import type { ProcessTemplate } from "./template.ts";
import { quoteWord, scanWords } from "./words.ts";

export interface EnvironmentOptions {
  /** Default: gafferd's own environment. */
  readonly base?: Readonly<Record<string, string | undefined>>;
  /** Variables of the user that the process runs as; undefined means not inherited. Default: none. */
  readonly userVariables?: Readonly<Record<string, string | undefined>>;
  /** The user that the process runs as, who must be able to read the env files. Default: gafferd's own user. */
  readonly user?: FileUser | undefined;
  /** Slot of the process. Default: the variables of a slot are not set. */
  readonly slot?: number;
}

/**
 * The environment of a new process of this template. Later sources win: `base` if `osEnv`, the variables of its user,
 * the env files in order, `env`, the variables of its slot. `PWD` is absent unless the template sets it; see
 * `Command`. The env files are read on each call. Throws `spawn_failed` for an env file that cannot be read or parsed,
 * and for a slot whose port is too high.
 */
export function buildEnvironment(
  template: ProcessTemplate,
  { base = process.env, userVariables = {}, user, slot }: EnvironmentOptions = {},
): Record<string, string> {
  const { osEnv, envFiles, env } = template;
  const fromFiles =
    envFiles.length === 0 ? {} : Object.fromEntries(envFiles.flatMap((file) => [...readEnvFile(file, user)]));
  const ofSlot = slot === undefined ? {} : slotVariables(template, slot);
  // gafferd's own working directory and user are not those of the process.
  const environment = { ...(osEnv && base), PWD: undefined, ...userVariables, ...fromFiles, ...env, ...ofSlot };
  return withoutUnset(environment, ["PWD", ...Object.keys(userVariables)]);
}

/** Removes the variables of `names` that are undefined. All others must be set. */
function withoutUnset(environment: Record<string, string | undefined>, names: string[]): Record<string, string> {
  for (const name of names) if (environment[name] === undefined) delete environment[name];
  return environment as Record<string, string>;
}

/** The program to execute, its arguments and its working directory. */
export interface Command {
  /** At least one word. The first is an absolute path, or a name to look up in `PATH`. */
  readonly argv: string[];
  /** Absolute. */
  readonly cwd: string;
  /** The environment of the process: with `PWD`, which is `cwd` unless the template sets it. */
  readonly env: Record<string, string>;
  /** The variables and expressions that were not replaced, each listed once. */
  readonly unexpanded: readonly Unexpanded[];
}

/** A variable that is not set, or an expression that only a shell supports. */
export interface Unexpanded {
  readonly key: "cmd" | "args" | "cwd";
  /** `$FOO`, `${FOO:?x}`. */
  readonly written: string;
  readonly isSupported: boolean;
}

/** The kernel takes no longer argument: MAX_ARG_STRLEN of Linux, less the NUL byte; ARG_MAX of macOS. */
const maxArgumentBytes = process.platform === "darwin" ? 1024 * 1024 : 128 * 1024 - 1;
/** No kernel takes more for all arguments together. */
const maxArgumentsBytes = 6 * 1024 * 1024;

/**
 * The command of a template in this environment. Variables are replaced after the split into words, so a value with
 * spaces stays one word. With `shell`, the shell replaces those of the command. Throws `spawn_failed` if the replaced
 * command is empty or too long for the kernel, or if the replaced `cwd` is not absolute.
 */
export function commandOf(template: ProcessTemplate, env: Readonly<Record<string, string>>): Command {
  const unexpanded = new Map<string, Unexpanded>();
  let known: Readonly<Record<string, string>> = env;
  let leftBytes = maxArgumentsBytes;
  const expand = (key: Unexpanded["key"], pattern: string): string => {
    const { text, unknown, unsupported, isTooLong } = expandPattern(pattern, known, maxArgumentBytes);
    leftBytes -= text.length;
    if (isTooLong) throw tooLong(template, key, "a word is", maxArgumentBytes + 1);
    if (leftBytes < 0) throw tooLong(template, key, "all words together are", maxArgumentsBytes);
    const add = (written: string, isSupported: boolean): void => {
      if (!unexpanded.has(written)) unexpanded.set(written, { key, written, isSupported });
    };
    for (const name of unknown) add(`$${name}`, true);
    for (const written of unsupported) add(written, false);
    return text;
  };
  const cwd = toCwd(template, expand("cwd", template.cwd));
  const inCwd = (known = { PWD: cwd, ...env });
  if (template.shell) {
    const args = template.args.map((arg) => quoteWord(arg.replaceAll("$$", () => "$")));
    const argv = ["sh", "-c", [template.cmd, ...args].join(" ")];
    return { argv, cwd, env: inCwd, unexpanded: [...unexpanded.values()] };
  }
  const [program, ...rest] = [
    ...patternsOf(template, env["HOME"] || homedir()).map((pattern) => expand("cmd", pattern)),
    ...template.args.map((arg) => expand("args", arg)),
  ];
  if (!program) {
    throw new GafferdError(
      "spawn_failed",
      `cannot start \`${template.name}\`: its command \`${template.cmd}\` is empty after its variables are replaced`,
      { field: "cmd" },
    );
  }
  const argv = [program.includes("/") ? resolve(cwd, program) : program, ...rest];
  return { argv, cwd, env: inCwd, unexpanded: [...unexpanded.values()] };
}

/** The words of `cmd` before their variables are replaced. Kept, because a template starts many processes. */
function patternsOf(template: ProcessTemplate, home: string): readonly string[] {
  let scanned = scannedCommands.get(template);
  if (scanned?.home !== home) {
    scanned = { home, patterns: scanWords(template.cmd, home).map(({ pattern }) => pattern) };
    scannedCommands.set(template, scanned);
  }
  return scanned.patterns;
}

const scannedCommands = new WeakMap<ProcessTemplate, { readonly home: string; readonly patterns: readonly string[] }>();

function tooLong({ name }: ProcessTemplate, key: Unexpanded["key"], what: string, limitBytes: number): GafferdError {
  const limit = `${limitBytes / 1024} KiB`;
  return new GafferdError(
    "spawn_failed",
    `cannot start \`${name}\`: \`${key}\` is too long: with its variables replaced, ${what} longer than ${limit}, which the system does not allow; pass long values in a file or in stdin`,
    { field: key },
  );
}

function toCwd({ name, cwd }: ProcessTemplate, expanded: string): string {
  if (isAbsolute(expanded)) return normalize(expanded);
  throw new GafferdError(
    "spawn_failed",
    `cannot start \`${name}\`: its working directory \`${cwd}\` expands to \`${expanded}\`, which is not an absolute path; write \`./${cwd}\` for a path relative to the file`,
    { field: "cwd" },
  );
}
