import type { Database } from "bun:sqlite";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
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

type Row = Record<"name" | "source" | "document" | "checksum", string> & { wanted: number };

/**
 * Reads and writes the table of templates; the name of a template is its key. Each call is one transaction. `close` it before
 * the database. All methods throw the errors of SQLite.
 */
export class TemplateRows {
  readonly path: string;
  readonly #statements;

  constructor(database: Database) {
    this.path = database.filename;
    this.#statements = {
      read: database.prepare<Row, []>("SELECT name, source, wanted, document, checksum FROM template ORDER BY rowid"),
      save: database.prepare<unknown, Row>(
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

  /** Writes a template unless `last`, the result of an earlier call, shows that the same is on disk. Returns its checksum. */
  save(planned: PlannedTemplate, last: string | undefined): string {
    const row = toRow(planned);
    if (row.checksum !== last) this.#statements.save.run(row);
    return row.checksum;
  }

  remove(name: string): void {
    this.#statements.remove.run(name);
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }
}

/** Equal if a template is kept the same way. */
export function checksumOf(planned: PlannedTemplate): string {
  return toRow(planned).checksum;
}

function toRow({ template, source, isWanted }: PlannedTemplate): Row {
  const row = { name: template.name, source, wanted: isWanted ? 1 : 0, document: JSON.stringify(toDocument(template)) };
  return { ...row, checksum: checksumOfRow(row) };
}

function fromRow(row: Row): PlannedTemplate {
  // A changed character could be another valid command.
  if (checksumOfRow(row) !== row.checksum) throw new Error("it is damaged");
  const { name, source, wanted, document } = row;
  const template = parseTemplate(JSON.parse(document), { defaultCwd: "/", name });
  return { template, source: source as TemplateSource, isWanted: wanted === 1 };
}

function checksumOfRow({ name, source, wanted, document }: Omit<Row, "checksum">): string {
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify([name, source, wanted, document]));
  return hash.digest("hex").slice(0, 16);
}
