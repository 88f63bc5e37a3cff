/** What the system says of one living process, read in one go with all others. */
export interface ProcessEntry {
  readonly osPid: number;
  readonly parentOsPid: number;
  /** The kernel's short name of it. */
  readonly name: string;
  /** On a clock of the system's own; two processes that had the same number one after the other differ in it. */
  readonly startedAtMs: number;
  /** Differs after an exec. */
  readonly image: number;
  /** How long it has lived. */
  readonly ageMs: number;
  /** When this was read (`performance.now()`). */
  readonly readAtMs: number;
  /** User and system time that it has taken, without that of its children. */
  readonly cpuMs: number;
  readonly nice: number;
  readonly rssBytes: number;
  readonly vmsBytes: number;
  /** Undefined where the system does not say. */
  readonly threads: number | undefined;
  /** Where they came with the rest; else `detailsOf` reads them. */
  readonly details?: ProcessDetails;
}

/** Whom a process runs as, and what: it changes with an exec, else seldom. */
export interface ProcessIdentity {
  /** The number, where nobody knows a name. */
  readonly username: string;
  /** Its words, joined by spaces; `[name]` for what has none. */
  readonly commandLine: string;
  /** What it was read of. */
  readonly entry: Pick<ProcessEntry, "startedAtMs" | "image" | "name" | "readAtMs">;
}

/** What costs a look at each process of its own. What the system does not say, or not to us, is undefined. */
export interface ProcessDetails {
  readonly identity: ProcessIdentity;
  readonly openFds: number | undefined;
  /** What was fetched from storage for it. */
  readonly readBytes: number | undefined;
  /** What it sent to storage. */
  readonly writtenBytes: number | undefined;
}
