import type { Database } from "bun:sqlite";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { reasonOf } from "../reason.ts";
import { openDatabase } from "./open-database.ts";
import { NewerStoreError, type StoreTables } from "./tables.ts";

export interface StoreOptions {
  /** The folder of the database; created when the store is opened. */
  readonly stateDir: string;
  /** The tables of all parts of gafferd. */
  readonly tables: readonly StoreTables[];
  readonly log: Logger;
}

export function storePath(stateDir: string): string {
  return join(stateDir, "gafferd.sqlite");
}

/**
 * The one database of a daemon: what must survive a restart. Each part of gafferd owns its tables, writes them in short
 * transactions and waits with `durable` before it answers. Only one daemon at a time can open it.
 */
export class Store {
  readonly path: string;
  readonly #options: StoreOptions;
  #database: Database | undefined;
  #walFile: FileHandle | undefined;
  #syncing: Promise<void> = Promise.resolve();
  /** The sync that begins when the current one has ended. */
  #nextSync: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: StoreOptions) {
    this.path = storePath(options.stateDir);
    this.#options = options;
  }

  /** Undefined while the store is not open. */
  get database(): Database | undefined {
    return this.#database;
  }

  /** Whether there is a database on disk. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /**
   * Opens the database, or returns it if it is open. Throws `conflict` if another daemon uses it or a later version wrote it,
   * `overloaded` if the disk refuses it; the message says what to do.
   */
  open(): Database {
    if (this.#isClosed) throw new GafferdError("overloaded", "gafferd is stopping and takes no new work");
    if (this.#database !== undefined) return this.#database;
    try {
      this.#database = openDatabase(this.path, this.#options.tables, this.#options.log);
    } catch (error) {
      throw this.#toOpenError(error);
    }
    this.#writePid();
    return this.#database;
  }

  /**
   * Resolves when all that was committed so far survives a power failure. The event loop does not wait: the sync runs in
   * another thread, and calls at the same time share one. Rejects with the errors of the disk.
   */
  durable(): Promise<void> {
    // A sync that has begun may have missed the last commit.
    this.#nextSync ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#syncing = this.#nextSync ?? Promise.resolve();
        this.#nextSync = undefined;
        return this.#sync();
      });
    return this.#nextSync;
  }

  /** Closes the database. Its users must have finalized their statements. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await (this.#nextSync ?? this.#syncing).catch(() => {});
    await this.#walFile?.close();
    if (this.#database === undefined) return;
    rmSync(this.#pidPath, { force: true });
    this.#database.close();
    this.#database = undefined;
  }

  async #sync(): Promise<void> {
    if (this.#database === undefined) return;
    if (this.#walFile === undefined) {
      this.#walFile = await open(`${this.path}-wal`, "r");
      // The first time, the names of the files must survive too.
      await using folder = await open(dirname(this.path), "r");
      await folder.sync();
    }
    await this.#walFile.datasync();
  }

  get #pidPath(): string {
    return `${this.path}-pid`;
  }

  /** For the message of another daemon that wants the same folder. */
  #writePid(): void {
    try {
      writeFileSync(this.#pidPath, `${process.pid}\n`, { mode: 0o600 });
    } catch {
      // The message of the other daemon then lacks the number.
    }
  }

  #readPid(): string {
    try {
      return ` (process ${Number(readFileSync(this.#pidPath, "latin1"))})`;
    } catch {
      return "";
    }
  }

  #toOpenError(error: unknown): GafferdError {
    const { code = "" } = error as { code?: string };
    const own = "its own folder, `state_dir` in [gaffer]";
    if (code.startsWith("SQLITE_BUSY")) {
      const message = `cannot use ${this.path}: another gafferd${this.#readPid()} uses it; give each gafferd ${own}`;
      return new GafferdError("conflict", message, { cause: error });
    }
    if (error instanceof NewerStoreError) {
      const message = `cannot use ${this.path}: ${error.message}; start that version, or give this one ${own}`;
      return new GafferdError("conflict", message, { cause: error });
    }
    const advice = "let `state_dir` in [gaffer] name a folder that can be written to";
    return new GafferdError("overloaded", `cannot use ${this.path}: ${reasonOf(error)}; ${advice}`, { cause: error });
  }
}
