import type { Database } from "bun:sqlite";
import type { ExitReportDocument, HistoryEntry } from "../documents/exit-schemas.ts";
import { rowChecksum } from "../store/row-checksum.ts";

/** What of an exit is only in its report. */
export type ReportRest = Omit<ExitReportDocument, keyof HistoryEntry>;

export interface RecordedExit {
  readonly entry: HistoryEntry;
  readonly rest: ReportRest;
}

/** A process that runs, as the database has it. */
export interface RunningRow {
  readonly boot: string;
  readonly pid: number;
  readonly template: string;
  readonly os_pid: number;
  readonly slot: number;
  /** Unix time. */
  readonly started_ms: number;
}

interface ExitRow {
  readonly template: string;
  readonly entry: string;
  readonly rest: string;
  readonly checksum: string;
}

/** How many exits of a template are kept. */
export const maxExitsOfTemplate = 100;
/** How many exits of all templates are kept. */
export const maxExits = 5000;

/** Reads and writes `exitTables`. `close` it before the database. All methods throw the errors of SQLite. */
export class ExitRows {
  readonly #statements;

  constructor(database: Database) {
    const columns = "template, entry, rest, checksum";
    this.#statements = {
      add: database.prepare<unknown, [string, string, number, string, string, string]>(
        "INSERT INTO exit (template, boot, pid, entry, rest, checksum) VALUES (?, ?, ?, ?, ?, ?)",
      ),
      trim: database.prepare<unknown, [string, number]>(
        "DELETE FROM exit WHERE template = ?1 AND number <= (SELECT number FROM exit WHERE template = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
      ),
      trimAll: database.prepare<unknown, [number]>(
        "DELETE FROM exit WHERE number <= (SELECT number FROM exit ORDER BY number DESC LIMIT 1 OFFSET ?)",
      ),
      list: database.prepare<ExitRow, [string]>(`SELECT ${columns} FROM exit WHERE template = ? ORDER BY number`),
      find: database.prepare<ExitRow, [string, number, string | null]>(
        `SELECT ${columns} FROM exit WHERE template = ?1 AND pid = ?2 AND boot = ifnull(?3, boot) ORDER BY number DESC LIMIT 1`,
      ),
      running: database.prepare<RunningRow, [string]>("SELECT * FROM running WHERE boot <> ? ORDER BY started_ms, pid"),
      addRunning: database.prepare<unknown, [string, number, string, number, number, number]>(
        "INSERT OR REPLACE INTO running VALUES (?, ?, ?, ?, ?, ?)",
      ),
      removeRunning: database.prepare<unknown, [string, number]>("DELETE FROM running WHERE boot = ? AND pid = ?"),
    };
  }

  /** Adds exits, and removes the oldest beyond the limits. */
  add(exits: readonly RecordedExit[]): void {
    if (exits.length === 0) return;
    const { add, trim, trimAll } = this.#statements;
    for (const { entry, rest } of exits) {
      const [template, entryText, restText] = [rest.name, JSON.stringify(entry), JSON.stringify(rest)];
      const checksum = rowChecksum([template, entryText, restText]);
      add.run(template, entry.boot, entry.pid, entryText, restText, checksum);
    }
    for (const template of new Set(exits.map(({ rest }) => rest.name))) trim.run(template, maxExitsOfTemplate);
    trimAll.run(maxExits);
  }

  /** The exits of a template, oldest first. Those that are damaged are left out. */
  list(template: string): HistoryEntry[] {
    return this.#statements.list.all(template).flatMap((row) => fromRow(row)?.entry ?? []);
  }

  /** Without a boot, the newest exit of the pid. Undefined if there is none, or it is damaged. */
  find(template: string, pid: number, boot: string | undefined): RecordedExit | undefined {
    const row = this.#statements.find.get(template, pid, boot ?? null);
    return row ? fromRow(row) : undefined;
  }

  /** The processes that ran when other boots ended. */
  runningOfOthers(boot: string): RunningRow[] {
    return this.#statements.running.all(boot);
  }

  addRunning({ boot, pid, template, os_pid: osPid, slot, started_ms: startedMs }: RunningRow): void {
    this.#statements.addRunning.run(boot, pid, template, osPid, slot, startedMs);
  }

  removeRunning({ boot, pid }: Pick<RunningRow, "boot" | "pid">): void {
    this.#statements.removeRunning.run(boot, pid);
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }
}

function fromRow({ template, entry, rest, checksum }: ExitRow): RecordedExit | undefined {
  if (rowChecksum([template, entry, rest]) !== checksum) return undefined;
  return { entry: JSON.parse(entry) as HistoryEntry, rest: JSON.parse(rest) as ReportRest };
}
