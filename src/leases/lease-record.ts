import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { LeaseRow, LeaseRows, RemovedLease } from "./lease-rows.ts";

/** How long after a change it is on disk, and how often the clock is written while a lease is in force. */
const writeEveryMs = 1000;
/** How long after the disk has refused a write it is tried again. */
const retryMs = 5000;
/** More rows are written in a later turn of the event loop, so that requests need not wait. */
const rowsOfTurn = 500;

/** What was left of a lease when gafferd ended: at most this long, or all of it if a connection held it. */
export interface LeftLease {
  readonly owner: string;
  readonly leftMs: number;
}

export interface LeaseRecordOptions {
  readonly log: Logger;
  /** The present row of a lease; undefined if it is not in force. Its deadline is on the steady clock. */
  readonly rowOf: (key: string) => LeaseRow | undefined;
}

/**
 * Keeps on disk what is left of each lease. Nothing waits for it: a kill loses at most the last second, in which a lease may
 * have been renewed or have gone by.
 */
export class LeaseRecord {
  readonly #options: LeaseRecordOptions;
  readonly #changed = new Set<string>();
  #rows: LeaseRows | undefined;
  /** What the clock on disk shows at 0 of the steady clock. */
  #offsetMs = 0;
  #writtenMs = 0;
  #hasFailed = false;

  constructor(options: LeaseRecordOptions) {
    this.#options = options;
  }

  /** Returns what was left of each lease, by key. Throws the errors of SQLite. */
  open(rows: LeaseRows): Map<string, LeftLease> {
    const { clockMs, leases } = rows.read();
    this.#rows = rows;
    this.#offsetMs = clockMs - performance.now();
    const left = leases.map(({ kind, name, owner, deadline_ms: deadlineMs }) => {
      const leftMs = deadlineMs === null ? Infinity : Math.max(0, deadlineMs - clockMs);
      return [keyOf(kind, name), { owner, leftMs }] as const;
    });
    return new Map(left);
  }

  /** Call when a lease was begun, renewed or ended. */
  noteChange(key: string): void {
    if (this.#rows !== undefined) this.#changed.add(key);
  }

  /** When `write` has work, on the steady clock. Infinity if it has none. */
  dueMs(hasLeases: boolean): number {
    if (this.#rows === undefined || (!hasLeases && this.#changed.size === 0)) return Infinity;
    return this.#writtenMs + (this.#hasFailed ? retryMs : writeEveryMs);
  }

  /** Writes the clock and what has changed; in several turns if that is much. */
  write(nowMs: number): void {
    const keys = [...this.#changed].slice(0, rowsOfTurn);
    if (!this.#tryToWrite(nowMs, keys)) return;
    this.#writtenMs = this.#changed.size > 0 ? nowMs - writeEveryMs : nowMs;
  }

  /** Writes everything and releases the database. */
  close(): void {
    this.#tryToWrite(performance.now(), [...this.#changed]);
    this.#rows?.close();
    this.#rows = undefined;
  }

  #tryToWrite(nowMs: number, keys: readonly string[]): boolean {
    this.#writtenMs = nowMs;
    try {
      this.#rows?.write(
        this.#clockAt(nowMs),
        keys.map((key) => this.#changeOf(key)),
      );
    } catch (error) {
      const { log } = this.#options;
      if (!this.#hasFailed) log.error(`cannot save leases in ${this.#rows?.path}: ${messageOf(error)}; trying again`);
      this.#hasFailed = true;
      return false;
    }
    for (const key of keys) this.#changed.delete(key);
    if (this.#hasFailed) this.#options.log.warn("leases are saved again");
    this.#hasFailed = false;
    return true;
  }

  #changeOf(key: string): LeaseRow | RemovedLease {
    const row = this.#options.rowOf(key);
    if (row === undefined) return partsOf(key);
    return { ...row, deadline_ms: row.deadline_ms === null ? null : this.#clockAt(row.deadline_ms) };
  }

  #clockAt(steadyMs: number): number {
    return Math.round(this.#offsetMs + steadyMs);
  }
}

/** `process web:api`. */
export function keyOf(kind: string, name: string): string {
  return `${kind} ${name}`;
}

function partsOf(key: string): RemovedLease {
  const space = key.indexOf(" ");
  return { kind: key.slice(0, space), name: key.slice(space + 1) };
}
