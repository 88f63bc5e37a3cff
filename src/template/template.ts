/** Whether an exit is followed by a new start. `on-failure`: only after a signal or a code not of `successCodes`. */
export type RestartPolicy = "always" | "on-failure" | "never";

/**
 * Too many exits in a window. After `attempts` exits within `windowMs` the template is stopped and started again after
 * `retryInMs`, at most `maxRetries` times (`Infinity`: for ever); then it stays stopped.
 */
export interface FlappingPolicy {
  readonly attempts: number;
  readonly windowMs: number;
  readonly retryInMs: number;
  readonly maxRetries: number;
}

/**
 * The delay before a process that exited is replaced: `minMs`, then `factor` times longer after each exit in a row, up to
 * `maxMs`, plus a random share of up to `jitter` (0 to 1) of it. A run of `resetAfterMs` ends the row. The first exit of a
 * row causes no delay if the process ran for `immediateRestartMs` (`supervisor/backoff.ts`).
 */
export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: number;
  readonly resetAfterMs: number;
}

/**
 * Which processes get the stop signal, as in systemd. `mixed`: the process itself; once it has exited, what is left of
 * its tree gets the signal too; SIGKILL goes to the whole tree when the grace period is over. `group`: every signal goes
 * to the whole tree at once. `process`: only the process itself; what it leaves behind is stopped when gafferd ends.
 */
export type KillMode = "mixed" | "group" | "process";

/** What follows when a template is given up. `shutdown`: the daemon stops, and its exit status says so. */
export type GiveUpPolicy = "ignore" | "shutdown";

/**
 * What to run: immutable, checked and complete (every default filled in). One schema (`schema.ts`) makes it from an
 * INI section and from a JSON body alike.
 */
export interface ProcessTemplate {
  /** Unique in a daemon; holds at least one character that is not a digit. What precedes the first `:` is its group. */
  readonly name: string;
  /** The command line as it was written; `words.ts` splits it, or `sh -c` runs it if `shell`. */
  readonly cmd: string;
  /** More words, after those of `cmd`. */
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Variables set for this template alone; they win over `envFiles`, which win over the daemon's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** dotenv files (absolute paths), read at each spawn; a later file wins. */
  readonly envFiles: readonly string[];
  /** Inherit the daemon's environment. */
  readonly osEnv: boolean;
  /** User to run as, number or name; absent: the daemon's own. */
  readonly uid?: number | string;
  /** Group to run as, number or name; absent: the user's primary group. */
  readonly gid?: number | string;
  /** Launched, not supervised, left alone when its template or the daemon stops. */
  readonly detach: boolean;
  readonly shell: boolean;
  /** How many processes to keep running, 0 or more. */
  readonly numprocesses: number;
  /** The process in slot 0 gets this number as `PORT`, the one in slot 1 the next; absent: `PORT` is not set. */
  readonly port?: number;
  /** Start when created. */
  readonly start: boolean;
  /** Smaller starts earlier and stops later; absent: after all that have one. */
  readonly priority?: number;
  /** Absent: off. */
  readonly flapping?: FlappingPolicy;
  /** At most two labels: stdout's, stderr's; the same name twice merges both. An output without a label is discarded. */
  readonly redirectOutput: readonly string[];
  readonly redirectInput: boolean;
  /** Between the stop signal and SIGKILL. */
  readonly gracefulTimeoutMs: number;
  /** `"SIGTERM"`: always the full name, one of `signals.ts`. */
  readonly stopSignal: string;
  readonly killMode: KillMode;
  /** What becomes of its processes when the daemon is killed: they end too, or they live on. */
  readonly onHostExit: "kill" | "keep";
  readonly restart: RestartPolicy;
  /** The exit codes that are no failure. */
  readonly successCodes: readonly number[];
  /** Absent: off, a process that exited is replaced immediately. */
  readonly backoff?: BackoffPolicy;
  readonly onGiveUp: GiveUpPolicy;
  /** Held for each label of each process. */
  readonly outputBufferBytes: number;
  /** How long a writer waits for a process that does not read its stdin. */
  readonly stdinTimeoutMs: number;
  /** How long a process waits for a lossless reader that takes nothing. */
  readonly losslessTimeoutMs: number;
}

/** The group of a template: `"web"` of `"web:api"`, or undefined for a name without a colon. */
export function groupOf(name: string): string | undefined {
  const colon = name.indexOf(":");
  return colon > 0 ? name.slice(0, colon) : undefined;
}
