/** One thing that is wrong with a configuration, and where. */
export interface ConfigProblem {
  /** Path of the file, or `command line`. */
  readonly file: string;
  /** From 1; absent for the command line and for a main file that cannot be read at all. */
  readonly line?: number;
  /** Without its brackets. */
  readonly section?: string;
  readonly key?: string;
  /** What was expected, with the value shown. */
  readonly message: string;
  /** Present where the configuration can be used all the same. */
  readonly isWarning?: true;
}

/** A configuration that cannot be used, with everything that is wrong with it; `message` is one line for each problem. */
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
