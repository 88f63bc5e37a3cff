import type { Store } from "../store/store.ts";
import type { StoreTables } from "../store/tables.ts";

/**
 * The leases that are in force, and a clock that runs only while gafferd does. Their deadlines are times of this clock, so
 * that the time while gafferd is away does not count.
 */
export const leaseTables: StoreTables = {
  owner: "leases",
  migrations: [
    [
      "CREATE TABLE lease (kind TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, deadline_ms INTEGER, PRIMARY KEY (kind, name)) STRICT",
      "CREATE TABLE lease_clock (id INTEGER PRIMARY KEY CHECK (id = 1), ms INTEGER NOT NULL) STRICT",
    ],
  ],
};

/** A lease on disk. The kind and the name are its key. */
export interface LeaseRow {
  readonly kind: string;
  readonly name: string;
  readonly owner: string;
  /** When it ends, on the clock in the table. `null` if a connection held it. */
  readonly deadline_ms: number | null;
}

/** Something whose row is to be removed. */
export interface RemovedLease {
  readonly kind: string;
  readonly name: string;
  readonly owner?: never;
}

/** The store, as far as this needs it. */
export type LeaseStore = Pick<Store, "path" | "open" | "transaction">;

/** Reads and writes the tables. `close` it before the database. All methods throw the errors of SQLite. */
export class LeaseRows {
  readonly path: string;
  readonly #statements;
  readonly #store: LeaseStore;

  /** Throws the errors of `Store.open`. */
  constructor(store: LeaseStore) {
    this.path = store.path;
    this.#store = store;
    const database = store.open();
    this.#statements = {
      clock: database.prepare<{ ms: number }, []>("SELECT ms FROM lease_clock"),
      read: database.prepare<LeaseRow, []>("SELECT kind, name, owner, deadline_ms FROM lease"),
      tick: database.prepare<unknown, [number]>(
        "INSERT INTO lease_clock VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET ms = excluded.ms",
      ),
      save: database.prepare<unknown, [string, string, string, number | null]>(
        "INSERT INTO lease VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner, deadline_ms = excluded.deadline_ms",
      ),
      remove: database.prepare<unknown, [string, string]>("DELETE FROM lease WHERE kind = ? AND name = ?"),
    };
  }

  /** All leases, and what the clock showed when it was last written. */
  read(): { readonly clockMs: number; readonly leases: readonly LeaseRow[] } {
    const { clock, read } = this.#statements;
    return { clockMs: clock.get()?.ms ?? 0, leases: read.all() };
  }

  /** Sets the clock and writes or removes these leases, in one transaction. Times are whole milliseconds. */
  write(clockMs: number, changes: readonly (LeaseRow | RemovedLease)[]): void {
    const { tick, save, remove } = this.#statements;
    this.#store.transaction(() => {
      tick.run(clockMs);
      for (const change of changes) {
        const { kind, name } = change;
        if (change.owner === undefined) remove.run(kind, name);
        else save.run(kind, name, change.owner, change.deadline_ms);
      }
    });
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }
}
