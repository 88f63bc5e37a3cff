import type { ArgsDef } from "citty";

/** The options and the argument of `gafferd`, parsed. */
export interface Options {
  readonly help: boolean;
  readonly version: boolean;
  readonly check: boolean;
  readonly daemon: boolean;
  readonly insecureFiles: boolean;
  /** 1 prints events, 2 prints output too. */
  readonly verbosity: 0 | 1 | 2;
  readonly config?: string;
  readonly pluginsDir?: string;
  readonly pidfile?: string;
  readonly logFile?: string;
  readonly bind?: string;
  readonly certfile?: string;
  readonly keyfile?: string;
  readonly backlog?: string;
}

/** The options in the order of `--help`. A one-letter name has no long form. */
const optionDefinitions = {
  help: { type: "boolean", alias: "h", description: "show this help message and exit" },
  version: { type: "boolean", description: "show version and exit" },
  check: { type: "boolean", description: "check the configuration, show it, and exit" },
  v: { type: "boolean", description: "verbose: print events; -vv also prints output" },
  config: { type: "string", alias: "c", valueHint: "CONFIG", description: "configuration file" },
  "plugins-dir": {
    type: "string",
    alias: "p",
    valueHint: "DIR",
    description: "plugin folder [default: ~/.gafferd/plugins]",
  },
  pidfile: { type: "string", valueHint: "PIDFILE", description: "write the process id to this file" },
  "log-file": { type: "string", valueHint: "FILE", description: "append the log to this file; USR1 reopens it" },
  daemon: { type: "boolean", description: "run in the background; return when it listens" },
  "insecure-files": { type: "boolean", description: "as root, use files that other users can change" },
  bind: { type: "string", valueHint: "ADDRESS", description: "default HTTP binding [default: 127.0.0.1:5000]" },
  certfile: { type: "string", valueHint: "CERTFILE", description: "SSL certificate file for the default binding" },
  keyfile: { type: "string", valueHint: "KEYFILE", description: "SSL key file" },
  backlog: { type: "string", valueHint: "BACKLOG", description: "max. pending connections [default: 128]" },
} as const satisfies ArgsDef;

/** The definitions for citty: the options and the argument. */
export const definitions = {
  ...optionDefinitions,
  file: { type: "positional", required: false, valueHint: "CONFIG", description: "configuration file path" },
} as const satisfies ArgsDef;

export type OptionName = keyof typeof optionDefinitions;

/** The common type of all definitions, including their optional members. */
export interface Definition {
  readonly type: "boolean" | "string";
  readonly alias?: string;
  readonly valueHint?: string;
  readonly description: string;
}

export const definitionEntries = Object.entries(optionDefinitions) as readonly [OptionName, Definition][];

/** The options that take a value, each with its key in `Options`. */
export const valueOptions = [
  ["config", "config"],
  ["plugins-dir", "pluginsDir"],
  ["pidfile", "pidfile"],
  ["log-file", "logFile"],
  ["bind", "bind"],
  ["certfile", "certfile"],
  ["keyfile", "keyfile"],
  ["backlog", "backlog"],
] as const satisfies readonly [OptionName, keyof Options][];

/** The arguments that `withOptions` parses to `options`. */
export function toArguments(options: Options): string[] {
  const words: string[] = [];
  for (const name of ["help", "version", "check", "daemon"] as const) if (options[name]) words.push(`--${name}`);
  if (options.insecureFiles) words.push("--insecure-files");
  if (options.verbosity > 0) words.push(`-${"v".repeat(options.verbosity)}`);
  for (const [name, key] of valueOptions) if (options[key] !== undefined) words.push(`--${name}=${options[key]}`);
  return words;
}
