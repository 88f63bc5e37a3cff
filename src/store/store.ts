import type { Database } from "bun:sqlite";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { reasonOf } from "../reason.ts";
import { openDatabase } from "./open-database.ts";
import { GroupCommit } from "./group-commit.ts";
import { NewerStoreError, type StoreTables } from "./tables.ts";
import { Wal, type WalOptions } from "./wal.ts";

export interface StoreOptions {
  /** The folder of the database; created when the store is opened. */
  readonly stateDir: string;
  /** The tables of all parts of gafferd. */
  readonly tables: readonly StoreTables[];
  readonly log: Logger;
  readonly wal?: WalOptions;
}

export function storePath(stateDir: string): string {
  return join(stateDir, "gafferd.sqlite");
}

/**
 * The one database of a daemon: what must survive a restart. Each part of gafferd owns its tables. All writes go through
 * `write`, `writeSoon`, `writeLater` or `transaction`. Only one daemon at a time can open it.
 */
export class Store {
  readonly path: string;
  readonly #options: StoreOptions;
  #database: Database | undefined;
  #wal: Wal | undefined;
  readonly #commits = new GroupCommit({
    transaction: (run) => this.transaction(run),
    sync: async () => await this.#wal?.sync(),
    tidy: () => this.#tidy(),
  });
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
    const { tables, log, wal } = this.#options;
    try {
      const database = openDatabase(this.path, tables, log);
      try {
        this.#wal = new Wal(database, wal);
      } catch (error) {
        database.close();
        throw error;
      }
      this.#database = database;
    } catch (error) {
      throw this.#toOpenError(error);
    }
    this.#writePid();
    return this.#database;
  }

  /**
   * Resolves when `run` is committed and survives a power failure. The event loop does not wait: writes that arrive while the
   * disk syncs share the next transaction. Rejects with the errors of SQLite and of the disk. The store must be open.
   */
  write(run: () => void): Promise<void> {
    return this.#commits.durable(run);
  }

  /** Resolves when `run` is committed, after the sync that is going on. It survives a kill, but perhaps not a power failure. */
  writeSoon(run: () => void): Promise<void> {
    return this.#commits.soon(run);
  }

  /** Resolves when `run` is committed, within 100 ms. It survives a kill, but perhaps not a power failure. */
  writeLater(run: () => void): Promise<void> {
    return this.#commits.later(run);
  }

  /** Commits now what waits in `write` and `writeLater`, so that statements can read it. */
  flush(): void {
    this.#commits.flush();
  }

  /** Runs `run` in one transaction now. It survives a kill, but perhaps not a power failure. Throws the errors of SQLite. */
  transaction<Result>(run: () => Result): Result {
    if (this.#database === undefined || this.#wal === undefined) throw new Error("the store is not open");
    this.#wal.finish();
    return this.#database.transaction(run)();
  }

  /** Closes the database after the writes that wait. Its users must have finalized their statements. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#commits.settled();
    if (this.#database === undefined) return;
    rmSync(this.#pidPath, { force: true });
    this.#wal?.close();
    this.#database = undefined;
  }

  async #tidy(): Promise<void> {
    try {
      await this.#wal?.shorten();
    } catch (error) {
      this.#options.log.error(`cannot copy the write-ahead log into ${this.path}: ${reasonOf(error)}`);
    }
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
