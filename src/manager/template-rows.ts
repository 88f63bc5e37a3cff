import type { Database } from "bun:sqlite";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import { rowChecksum } from "../store/row-checksum.ts";
import type { StoreTables } from "../store/tables.ts";
import { toDocument } from "../template/document.ts";
import { parseTemplate } from "../template/schema.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { TemplateSource } from "./template-source.ts";

/** The templates that were created over HTTP or by plugins, in the order of their creation. */
export const templateTables: StoreTables = {
  owner: "templates",
  migrations: [
    [
      "CREATE TABLE template (name TEXT PRIMARY KEY, source TEXT NOT NULL, wanted INTEGER NOT NULL, document TEXT NOT NULL, checksum TEXT NOT NULL) STRICT",
    ],
  ],
};

/** A template on disk, or one that is to be added to the manager. */
export interface PlannedTemplate {
  readonly template: ProcessTemplate;
  readonly source: TemplateSource;
  /** Whether it is to be started. It may differ from the setting `start`. */
  readonly isWanted: boolean;
}

/** A template as the database has it. */
export type TemplateRow = Readonly<Record<"name" | "source" | "document" | "checksum", string> & { wanted: number }>;

/**
 * Reads and writes the table of templates; the name of a template is its key. `close` it before
 * the database. All methods throw the errors of SQLite.
 */
export class TemplateRows {
  readonly path: string;
  readonly #statements;

  constructor(database: Database) {
    this.path = database.filename;
    this.#statements = {
      read: database.prepare<TemplateRow, []>(
        "SELECT name, source, wanted, document, checksum FROM template ORDER BY rowid",
      ),
      save: database.prepare<unknown, TemplateRow>(
        "INSERT INTO template VALUES ($name, $source, $wanted, $document, $checksum) ON CONFLICT (name) DO UPDATE SET source = excluded.source, wanted = excluded.wanted, document = excluded.document, checksum = excluded.checksum",
      ),
      remove: database.prepare<unknown, [string]>("DELETE FROM template WHERE name = ?"),
    };
  }

  /** All templates, in order of creation. Logs those that are damaged or that this version refuses, and leaves them out. */
  read(log: Logger): PlannedTemplate[] {
    return this.#statements.read.all().flatMap((row) => {
      try {
        return [fromRow(row)];
      } catch (error) {
        const where = `template ${JSON.stringify(row.name)} in ${this.path}`;
        log.error(`${where} is left out: ${messageOf(error)}; create it again`);
        return [];
      }
    });
  }

  save(row: TemplateRow): void {
    this.#statements.save.run(row);
  }

  remove(name: string): void {
    this.#statements.remove.run(name);
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }
}

/** The row of a template. Rows with the same checksum are equal. */
export function toTemplateRow({ template, source, isWanted }: PlannedTemplate): TemplateRow {
  const row = { name: template.name, source, wanted: isWanted ? 1 : 0, document: JSON.stringify(toDocument(template)) };
  return { ...row, checksum: checksumOfRow(row) };
}

function fromRow(row: TemplateRow): PlannedTemplate {
  // A changed character could be another valid command.
  if (checksumOfRow(row) !== row.checksum) throw new Error("it is damaged");
  const { name, source, wanted, document } = row;
  const template = parseTemplate(JSON.parse(document), { defaultCwd: "/", name });
  return { template, source: source as TemplateSource, isWanted: wanted === 1 };
}

function checksumOfRow({ name, source, wanted, document }: Omit<TemplateRow, "checksum">): string {
  return rowChecksum([name, source, wanted, document]);
}
