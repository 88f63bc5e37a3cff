import type { LeaseEndPolicy } from "./lease-properties.ts";

/**
 * Whether a process that exits is replaced. `on-failure`: only after a signal or an exit code not in `successCodes`.
 */
export type RestartPolicy = "always" | "on-failure" | "never";

/**
 * What to do after too many exits: after `attempts` exits within `windowMs` the template is stopped, and started again
 * after `retryInMs`, at most `maxRetries` times (`Infinity`: no limit). Then it stays stopped.
 */
export interface FlappingPolicy {
  readonly attempts: number;
  readonly windowMs: number;
  readonly retryInMs: number;
  readonly maxRetries: number;
}

/**
 * The delay before a process that exited is replaced: `minMs`, then `factor` times longer after each exit in a row, up
 * to `maxMs`, plus a random part of up to `jitter` (0 to 1) of the delay. A process that runs for `resetAfterMs` resets
 * the delay. The first exit in a row causes no delay if the process ran for `immediateRestartMs` (`supervisor/backoff.ts`).
 */
export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: number;
  readonly resetAfterMs: number;
}

/**
 * Which processes get the stop signal, as in systemd. `mixed`: the process itself, then the rest of its tree after it
 * has exited; SIGKILL goes to the whole tree after `graceful_timeout`. `group`: every signal goes to the whole tree.
 * `process`: signals go to the process itself only; its remaining descendants are stopped when gafferd stops.
 */
export type KillMode = "mixed" | "group" | "process";

/** What happens when a template is given up. `shutdown`: the daemon stops with its own exit status. */
export type GiveUpPolicy = "ignore" | "shutdown";

/** How much output is kept on disk. At least one limit is set. */
export interface OutputKeep {
  readonly maxBytes?: number;
  readonly maxAgeMs?: number;
}

/** When a file is renamed to `FILE.1`, after `FILE.1` was renamed to `FILE.2`, and so on. */
export interface Rotation {
  /** The file does not exceed this size, unless a single line does. */
  readonly maxBytes: number;
  /** How many old files are kept. `FILE.1` is the newest. */
  readonly keep: number;
}

/**
 * What to run, with all defaults; immutable and valid. `schema.ts` builds it from an INI section or a JSON body, with
 * the same schema.
 */
export interface ProcessTemplate {
  /** Unique in a daemon, and not a number. The part before the first `:` is the group. */
  readonly name: string;
  /** The command line as written. `words.ts` splits it, or `sh -c` runs it if `shell` is set. */
  readonly cmd: string;
  /** More arguments, after those of `cmd`. */
  readonly args: readonly string[];
  /** An absolute path, or one that begins with a variable. */
  readonly cwd: string;
  /** Variables of this template. They win over `envFiles`, which win over the daemon's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths of dotenv files, read at each spawn; a later file wins. */
  readonly envFiles: readonly string[];
  /** Whether processes inherit the daemon's environment. */
  readonly osEnv: boolean;
  /** User to run as, by number or name. Absent: the daemon's own. */
  readonly uid?: number | string;
  /** Group to run as, by number or name. Absent: the primary group of `uid`. */
  readonly gid?: number | string;
  /** Processes are started but not supervised, and keep running when the template or the daemon stops. */
  readonly detach: boolean;
  readonly shell: boolean;
  /** How many processes to keep running, 0 or more. */
  readonly numprocesses: number;
  /** `PORT` of the process in slot 0; slot 1 gets the next number, and so on. Absent: `PORT` is not set. */
  readonly port?: number;
  /** Whether the template starts when it is created. */
  readonly start: boolean;
  /** Whether gafferd keeps the template on disk if it was created over HTTP or by a plugin. */
  readonly persist: boolean;
  /** Templates with a smaller number start earlier and stop later. Absent: after all templates that have one. */
  readonly priority?: number;
  /** Absent if off. */
  readonly flapping?: FlappingPolicy;
  /** Labels of stdout and stderr. The same label twice merges both; an output without a label is discarded. */
  readonly redirectOutput: readonly string[];
  readonly redirectInput: boolean;
  /** Time between the stop signal and SIGKILL. */
  readonly gracefulTimeoutMs: number;
  /** The full name from `signals.ts`: `"SIGTERM"`. */
  readonly stopSignal: string;
  readonly killMode: KillMode;
  /** What happens to its processes when the daemon is killed: they are stopped, or they keep running. */
  readonly onHostExit: "kill" | "keep";
  readonly restart: RestartPolicy;
  /** Exit codes that do not count as failures. */
  readonly successCodes: readonly number[];
  /** Absent if off: a process that exits is replaced immediately. */
  readonly backoff?: BackoffPolicy;
  readonly onGiveUp: GiveUpPolicy;
  /** Bytes of output kept for each label of each process. */
  readonly outputBufferBytes: number;
  /** How much output is kept on disk. Absent: none. */
  readonly outputKeep?: OutputKeep;
  /** The file that the output is appended to: an absolute path with `%n`, `%p`, `%l` and `%%`. Absent: none. */
  readonly outputFile?: string;
  /** When `outputFile` is rotated. Absent: never. */
  readonly outputRotate?: Rotation;
  /** Whether the output is also written to gafferd's own stdout. Absent: it is not. */
  readonly outputTo?: "stdout";
  /** Who has to renew the lease. Present if `leaseMs` is. */
  readonly owner?: string;
  /** How long processes run after their start or the last renewal of the lease. Absent: there is no lease. */
  readonly leaseMs?: number;
  readonly onLeaseEnd: LeaseEndPolicy;
  /** How long a writer waits for a process that does not read its stdin. */
  readonly stdinTimeoutMs: number;
  /** How long a process waits for a lossless reader that does not read. */
  readonly losslessTimeoutMs: number;
}

/** The group of a template: `"web"` of `"web:api"`, or undefined for a name without a colon. */
export function groupOf(name: string): string | undefined {
  const colon = name.indexOf(":");
  return colon > 0 ? name.slice(0, colon) : undefined;
}
