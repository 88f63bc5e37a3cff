import type { Database } from "bun:sqlite";
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "../log.ts";
import { damaged, migrate, type StoreTables } from "./tables.ts";

/** The files that SQLite keeps of one database in this mode. */
export function filesOf(path: string): string[] {
  return [path, `${path}-wal`, `${path}-shm`];
}

/**
 * Opens a database exclusively. Creates it and its folder, readable by their owner only, if they do not exist. A damaged
 * database is renamed to `….damaged-2026-01-31T12-00-00Z`, reported in the log, and replaced by an empty one. Throws
 * NewerStoreError and the errors of SQLite and `node:fs`.
 */
export function openDatabase(path: string, tables: readonly StoreTables[], log: Logger): Database {
  // Loaded only when it is needed. The module is part of Bun, so this takes no time.
  const sqlite = import.meta.require("bun:sqlite") as typeof import("bun:sqlite");
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return open(sqlite, path, tables);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = setAside(path);
    log.error(`the database ${path} is damaged, and what it kept is lost; it was renamed to ${aside}`, error);
  }
  return open(sqlite, path, tables);
}

/** Whether the file is not a database, or a damaged one. */
export function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && /^SQLITE_(CORRUPT|NOTADB|SCHEMA|ERROR)/.test(code);
}

/** Renames a database and returns its new path. */
export function setAside(path: string): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  for (const file of filesOf(path)) {
    if (existsSync(file)) renameSync(file, file.replace(path, `${path}.damaged-${time}`));
  }
  return `${path}.damaged-${time}`;
}

function open(sqlite: typeof import("bun:sqlite"), path: string, tables: readonly StoreTables[]): Database {
  let database: Database | undefined;
  try {
    createPrivately(path);
    database = new sqlite.Database(path, { readwrite: true, strict: true });
    // Set before the first access, so that no shared memory is needed. No other daemon can open it until this one ends.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    migrate(database, tables);
    readAll(database);
    return database;
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

function createPrivately(path: string): void {
  // Opening and closing an existing file would release the lock of another daemon in this process.
  if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
}
