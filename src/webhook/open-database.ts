import type { Database } from "bun:sqlite";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { GafferdError } from "../errors.ts";

const schemaVersion = 1;

export function databasePath(stateDir: string): string {
  return join(stateDir, "webhooks.sqlite");
}

/**
 * Opens the database for this daemon alone, and makes it and its folder when they are not there, for their owner alone.
 * Throws `conflict` when another daemon has it, `overloaded` when it cannot be used; the message says what to do.
 *
 * The log is written without waiting for the disk (`synchronous=NORMAL` of a write-ahead log): what was committed
 * survives the death of this process, while a power cut may take the last of it.
 */
export async function openDatabase(stateDir: string): Promise<Database> {
  const path = databasePath(stateDir);
  // Only who has webhooks pays for it.
  const { Database: Opened } = await import("bun:sqlite");
  let database: Database | undefined;
  try {
    createPrivately(stateDir, path);
    database = new Opened(path, { readwrite: true, strict: true });
    // Before the first access, so that no shared memory is needed; another daemon cannot open it until this one ends.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    prepareSchema(database);
    return database;
  } catch (error) {
    database?.close();
    throw toOpenError(error, stateDir, path);
  }
}

function createPrivately(stateDir: string, path: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  // To open and close an existing one would take its lock away from another daemon in this very process.
  if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
}

function prepareSchema(database: Database): void {
  const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  if (version > schemaVersion) throw new Error(`it is of a later version of gafferd (${version})`);
  database
    .transaction(() => {
      database.run(
        "CREATE TABLE IF NOT EXISTS webhook (id TEXT PRIMARY KEY, settings TEXT NOT NULL, missed INTEGER NOT NULL DEFAULT 0) STRICT",
      );
      database.run(
        "CREATE TABLE IF NOT EXISTS message (webhook TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (webhook, position)) STRICT, WITHOUT ROWID",
      );
      database.run(`PRAGMA user_version = ${schemaVersion}`);
    })
    .immediate();
}

function toOpenError(error: unknown, stateDir: string, path: string): GafferdError {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (code.startsWith("SQLITE_BUSY")) {
    const advice = "give each its own folder, `state_dir` in [gaffer]";
    return new GafferdError("conflict", `cannot keep webhooks in ${stateDir}: another gafferd does; ${advice}`, {
      cause: error,
    });
  }
  const advice = /CORRUPT|NOTADB/.test(code)
    ? `move ${path} away`
    : "let `state_dir` in [gaffer] name a folder that can be written to";
  return new GafferdError("overloaded", `cannot keep webhooks in ${stateDir}: ${message}; ${advice}`, { cause: error });
}
