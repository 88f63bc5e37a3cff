import type { Database } from "bun:sqlite";
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";

const schemaVersion = 1;
const tables = [
  "webhook (id TEXT PRIMARY KEY, settings TEXT NOT NULL, missed INTEGER NOT NULL DEFAULT 0) STRICT",
  "message (webhook TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (webhook, position)) STRICT, WITHOUT ROWID",
] as const;

export function databasePath(stateDir: string): string {
  return join(stateDir, "webhooks.sqlite");
}

/** The files that SQLite keeps of one database in this mode. */
export function filesOf(path: string): string[] {
  return [path, `${path}-wal`, `${path}-shm`];
}

/**
 * Opens the database exclusively. Creates it and its folder, readable by their owner only, if they do not exist. A
 * damaged database is renamed to `….damaged-2026-01-31T12-00-00Z`, reported in the log, and replaced by an empty one.
 * A database is damaged too if `prepare` throws an error that is not one of the disk. Resolves to the result of `prepare`.
 * Throws `conflict` if another daemon uses it, `overloaded` if it cannot be used; the message says what to do.
 *
 * The write-ahead log does not wait for the disk (`synchronous=NORMAL`): commits survive a kill of this process; a power
 * failure may lose the last of them.
 */
export async function openDatabase<T>(stateDir: string, log: Logger, prepare: (database: Database) => T): Promise<T> {
  // Loaded only when there are webhooks.
  const sqlite = await import("bun:sqlite");
  const path = databasePath(stateDir);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    return open(sqlite, path, prepare);
  } catch (error) {
    if (!isDamage(error)) throw toOpenError(error, stateDir);
    const aside = setAside(path);
    log.error(
      `the webhook database ${path} is damaged, and what waited in it is lost; it was renamed to ${aside}`,
      error,
    );
  }
  try {
    return open(sqlite, path, prepare);
  } catch (error) {
    throw toOpenError(error, stateDir);
  }
}

function open<T>(sqlite: typeof import("bun:sqlite"), path: string, prepare: (database: Database) => T): T {
  let database: Database | undefined;
  try {
    createPrivately(path);
    database = new sqlite.Database(path, { readwrite: true, strict: true });
    // Set before the first access, so that no shared memory is needed. No other daemon can open it until this one ends.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    prepareSchema(database);
    readAll(database);
    return prepareContents(database, prepare);
  } catch (error) {
    database?.close();
    throw error;
  }
}

/** Reads every page in use, so that damage is found now and not later. Throws the errors of SQLite. */
function readAll(database: Database): void {
  using check = database.prepare<{ integrity_check: string }, []>("PRAGMA integrity_check(1)");
  const problems = check.all();
  const problem = problems.map(({ integrity_check: text }) => text).find((text) => text !== "ok");
  if (problem !== undefined) throw damaged(problem);
}

function prepareContents<T>(database: Database, prepare: (database: Database) => T): T {
  try {
    return prepare(database);
  } catch (error) {
    // Errors of SQLite have a code; others come from what was read.
    if ((error as { code?: string }).code?.startsWith("SQLITE_")) throw error;
    throw damaged(messageOf(error), error);
  }
}

/** Whether the file is not a database, or a damaged one. */
function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && /^SQLITE_(CORRUPT|NOTADB|SCHEMA|ERROR)/.test(code);
}

function setAside(path: string): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  for (const file of filesOf(path)) {
    if (existsSync(file)) renameSync(file, file.replace(path, `${path}.damaged-${time}`));
  }
  return `${path}.damaged-${time}`;
}

function createPrivately(path: string): void {
  // Opening and closing an existing file would release the lock of another daemon in this process.
  if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
}

class NewerDatabaseError extends Error {
  constructor(version: number) {
    super(`a later version of gafferd wrote it (schema ${version}, known is ${schemaVersion})`);
  }
}

function prepareSchema(database: Database): void {
  const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  if (version > schemaVersion) throw new NewerDatabaseError(version);
  database
    .transaction(() => {
      for (const table of tables) database.run(`CREATE TABLE IF NOT EXISTS ${table}`);
      database.run(`PRAGMA user_version = ${schemaVersion}`);
    })
    .immediate();
  // A damaged default or type would be found only when an event is written.
  const known = database.query<{ sql: string }, []>("SELECT sql FROM sqlite_schema WHERE type = 'table'").all();
  const missing = tables.find((table) => !known.some(({ sql }) => sql === `CREATE TABLE ${table}`));
  if (missing !== undefined) throw damaged(`the definition of a table is not \`${missing}\``);
}

/** An error like those of SQLite for a damaged file. */
function damaged(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: "SQLITE_CORRUPT" });
}

function toOpenError(error: unknown, stateDir: string): GafferdError {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (code.startsWith("SQLITE_BUSY")) {
    const advice = "give each its own folder, `state_dir` in [gaffer]";
    return new GafferdError("conflict", `cannot keep webhooks in ${stateDir}: another gafferd uses it; ${advice}`, {
      cause: error,
    });
  }
  const advice =
    error instanceof NewerDatabaseError
      ? "start that version, or give this one another `state_dir` in [gaffer]"
      : "let `state_dir` in [gaffer] name a folder that can be written to";
  return new GafferdError("overloaded", `cannot keep webhooks in ${stateDir}: ${message}; ${advice}`, { cause: error });
}
