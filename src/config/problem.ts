/** The `file` of problems with command line options. */
export const commandLine = "command line";

/** One error or warning in a configuration, and its place. */
export interface ConfigProblem {
  /** Path of the file, or `commandLine`. */
  readonly file: string;
  /** Counted from 1; absent for the command line and for a main file that cannot be read. */
  readonly line?: number;
  /** The name without brackets: `process:web`. */
  readonly section?: string;
  readonly key?: string;
  /** What is wrong, the value, and what to do. */
  readonly message: string;
  /** Present if the configuration can still be used. */
  readonly isWarning?: true;
}

/** A configuration that cannot be used, with all its problems. `message` has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** `gaffer.ini:12: [process:web] cmd: is required` */
export function formatProblem({ file, line, section, key, message }: ConfigProblem): string {
  const place = line === undefined ? `${file}:` : `${file}:${line}:`;
  return [place, section !== undefined && `[${section}]`, key !== undefined && `${key}:`, message]
    .filter((part) => part !== false)
    .join(" ");
}
