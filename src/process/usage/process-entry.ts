/** A running process, as read in one pass over all processes. */
export interface ProcessEntry {
  readonly osPid: number;
  readonly parentOsPid: number;
  /** The command name from the kernel (`comm`). */
  readonly name: string;
  /** On a clock of the system. It distinguishes two processes that had the same pid one after the other. */
  readonly startedAtMs: number;
  /** A value that changes with each exec. */
  readonly image: number;
  /** The time since its start. */
  readonly ageMs: number;
  /** The time of the reading (`performance.now()`). */
  readonly readAtMs: number;
  /** User and system time, without that of its children. */
  readonly cpuMs: number;
  readonly nice: number;
  readonly rssBytes: number;
  readonly vmsBytes: number;
  /** Undefined if the system does not provide it. */
  readonly threads: number | undefined;
  /** Present if they were read in the same pass. Otherwise `detailsOf` reads them. */
  readonly details?: ProcessDetails;
}

/** The user and command line of a process. They change with an exec, and otherwise rarely. */
export interface ProcessIdentity {
  /** The user name, or the user number if it has no name. */
  readonly username: string;
  /** The arguments, joined by spaces; `[name]` if there are none. */
  readonly commandLine: string;
  /** The entry that this identity was read for. */
  readonly entry: Pick<ProcessEntry, "startedAtMs" | "image" | "name" | "readAtMs">;
}

/** Details that need separate reads for each process. Undefined if the system does not provide them or denies access. */
export interface ProcessDetails {
  readonly identity: ProcessIdentity;
  readonly openFds: number | undefined;
  /** Bytes read from storage. */
  readonly readBytes: number | undefined;
  /** Bytes written to storage. */
  readonly writtenBytes: number | undefined;
}
