import type { Database } from "bun:sqlite";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { StoreTables } from "../store/tables.ts";
import type { RunFacts } from "./run.ts";

/** The runs, in the order in which they were started. */
export const runTables: StoreTables = {
  owner: "runs",
  migrations: [
    [
      "CREATE TABLE run (id TEXT PRIMARY KEY, keep_ms INTEGER NOT NULL, settings TEXT NOT NULL, facts TEXT NOT NULL) STRICT",
    ],
  ],
};

/** A run on disk. */
export interface RunRow {
  readonly id: string;
  readonly keepMs: number;
  /** The canonical form of its settings, as JSON. */
  readonly settings: string;
  readonly facts: RunFacts;
}

interface StoredRow {
  id: string;
  keep_ms: number;
  settings: string;
  facts: string;
}

/** Reads and writes the table of runs. `close` it before the database. All methods throw the errors of SQLite. */
export class RunRows {
  readonly path: string;
  readonly #statements;

  constructor(database: Database) {
    this.path = database.filename;
    this.#statements = {
      read: database.prepare<StoredRow, []>("SELECT id, keep_ms, settings, facts FROM run ORDER BY rowid"),
      save: database.prepare<unknown, Record<string, string | number>>(
        "INSERT INTO run VALUES ($id, $keepMs, $settings, $facts) ON CONFLICT (id) DO UPDATE SET keep_ms = excluded.keep_ms, settings = excluded.settings, facts = excluded.facts",
      ),
      remove: database.prepare<unknown, [string]>("DELETE FROM run WHERE id = ?"),
    };
  }

  /** All runs. Logs those that are damaged, and leaves them out. */
  read(log: Logger): RunRow[] {
    return this.#statements.read.all().flatMap(({ id, keep_ms: keepMs, settings, facts }) => {
      try {
        return [{ id, keepMs, settings, facts: JSON.parse(facts) as RunFacts }];
      } catch (error) {
        log.error(`run ${JSON.stringify(id)} in ${this.path} is left out: ${messageOf(error)}`);
        return [];
      }
    });
  }

  save({ id, keepMs, settings, facts }: RunRow): void {
    this.#statements.save.run({ id, keepMs, settings, facts: JSON.stringify(facts) });
  }

  remove(id: string): void {
    this.#statements.remove.run(id);
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }
}
