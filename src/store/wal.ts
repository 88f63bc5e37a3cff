import type { Database } from "bun:sqlite";
import { closeSync, fdatasync, fdatasyncSync, fstatSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

/** How a file reaches the disk. Tests use another one. */
export interface Disk {
  /** In another thread. */
  sync(fd: number): Promise<void>;
  /** Blocks the event loop. */
  syncNow(fd: number): void;
}

export interface WalOptions {
  /** Default: the real one. */
  readonly disk?: Disk;
  /** The log is copied into the database when it is larger. Default: 4 MiB; SQLite itself does so after 1,000 pages. */
  readonly maxBytes?: number;
}

const realDisk: Disk = { sync: promisify(fdatasync), syncNow: fdatasyncSync };
const defaultMaxBytes = 4 * 1024 * 1024;

/**
 * Makes commits durable, and copies the write-ahead log into the database, without a sync in the event loop. SQLite itself
 * never syncs (`synchronous = OFF`), so the order of the steps is kept here:
 * 1. The log is synced. It has all commits now.
 * 2. Its pages are copied into the database file, and that one is synced. A crash before that repeats the copy.
 * 3. The log is cut to nothing, and synced, so that no old page in it is mistaken for a new one.
 *
 * Nothing may be written to the log from the copy to the end of step 3: call `finish` before each write.
 */
export class Wal {
  readonly #database: Database;
  readonly #disk: Disk;
  readonly #maxBytes: number;
  readonly #walFd: number;
  /** Open until the database is closed: closing it would release the locks that SQLite has on the same file. */
  readonly #databaseFd: number;
  #step: "none" | "copied" | "cut" | "failed" = "none";

  /** The files must exist. Throws the errors of `node:fs`. */
  constructor(database: Database, { disk = realDisk, maxBytes = defaultMaxBytes }: WalOptions = {}) {
    this.#database = database;
    this.#disk = disk;
    this.#maxBytes = maxBytes;
    const path = database.filename;
    database.run("PRAGMA wal_autocheckpoint = 0");
    database.run("PRAGMA synchronous = OFF");
    this.#walFd = openSync(`${path}-wal`, "r");
    this.#databaseFd = openSync(path, "r");
    // The names of the files must survive too.
    const folderFd = openSync(dirname(path), "r");
    fsyncSync(folderFd);
    closeSync(folderFd);
  }

  /** Resolves when all that was committed survives a power failure. Rejects with the errors of the disk. */
  async sync(): Promise<void> {
    await this.#disk.sync(this.#walFd);
  }

  /** Copies the log into the database if it is large. Rejects with the errors of the disk and of SQLite. */
  async shorten(): Promise<void> {
    if (this.#step !== "none" || fstatSync(this.#walFd).size < this.#maxBytes) return;
    await this.sync();
    if (!this.#checkpoint("PASSIVE")) return;
    this.#step = "copied";
    try {
      await this.#disk.sync(this.#databaseFd);
      if (this.#is("copied")) this.#cut();
      if (!this.#is("cut")) return;
      await this.sync();
    } catch (error) {
      this.#step = "failed";
      throw error;
    }
    if (this.#is("cut")) this.#step = "none";
  }

  /**
   * Call before each write. If the log is being copied, waits for the disk, which happens once in `maxBytes` at most. Throws if the
   * disk has failed to sync the copy: it may have dropped pages, so that only a restart, which reads the log, makes them whole.
   */
  finish(): void {
    if (this.#step === "none") return;
    if (this.#step === "failed") throw new Error("the disk failed to write the database; check it and restart gafferd");
    try {
      if (this.#step === "copied") {
        this.#disk.syncNow(this.#databaseFd);
        this.#cut();
      }
      this.#disk.syncNow(this.#walFd);
      this.#step = "none";
    } catch (error) {
      this.#step = "failed";
      throw error;
    }
  }

  /** Closes the database, which syncs it. All statements must have been finalized. */
  close(): void {
    // Closing would delete the log, which a restart needs.
    if (this.#step === "failed") return;
    this.finish();
    this.#database.run("PRAGMA synchronous = FULL");
    this.#database.close();
    closeSync(this.#databaseFd);
    closeSync(this.#walFd);
  }

  #cut(): void {
    if (!this.#checkpoint("TRUNCATE")) throw new Error("the write-ahead log is in use");
    this.#step = "cut";
  }

  /** Returns whether all of the log is in the database file. */
  #checkpoint(mode: "PASSIVE" | "TRUNCATE"): boolean {
    using statement = this.#database.prepare<{ busy: number; log: number; checkpointed: number }, []>(
      `PRAGMA wal_checkpoint(${mode})`,
    );
    const { busy, log, checkpointed } = statement.get() ?? { busy: 1, log: 0, checkpointed: 0 };
    return busy === 0 && log === checkpointed;
  }

  /** A method, because TypeScript does not see that the step changes during an `await`. */
  #is(step: "copied" | "cut"): boolean {
    return this.#step === step;
  }
}
