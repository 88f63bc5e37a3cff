import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "../log.ts";
import { formatEntry, formatHeader, type RunEntry, type RunHeader } from "./run-format.ts";

/** The file is rewritten when it has this many lines, and this many times more lines than there are processes. */
const compactLines = 4096;
const compactRatio = 4;

/**
 * The list of running processes on disk, for the guardian and for the next gafferd if this one is killed. Each spawn appends
 * a line. Exits are not recorded: the pid and start time show whether a listed process is still running. The file is
 * created at the first spawn. If it cannot be written, gafferd logs one warning and continues without it.
 */
export class RunFile {
  readonly path: string;
  readonly #header: RunHeader;
  readonly #log: Logger;
  readonly #entries = new Map<number, RunEntry>();
  #fd: number | undefined;
  #lines = 0;
  #hasFailed = false;

  constructor(path: string, options: { readonly header: RunHeader; readonly log: Logger }) {
    this.path = path;
    this.#header = options.header;
    this.#log = options.log;
  }

  add(entry: RunEntry): void {
    this.#entries.set(entry.osPid, entry);
    this.#attempt(() => {
      const isLong = this.#lines >= compactLines && this.#lines >= compactRatio * this.#entries.size;
      if (this.#fd === undefined || isLong) this.#writeAll();
      else this.#append(this.#fd, formatEntry(entry), 1);
    });
  }

  /** Removes the entry of a process when it and its descendants have exited. */
  remove(osPid: number): void {
    this.#entries.delete(osPid);
  }

  /** Deletes the file. Call it when all listed processes have exited. */
  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.path, { force: true });
  }

  /** Replaces the file atomically. */
  #writeAll(): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${randomUUID()}`;
    const fd = openSync(draft, "wx", 0o600);
    try {
      this.#lines = 0;
      const entries = [...this.#entries.values()];
      this.#append(fd, formatHeader(this.#header) + entries.map(formatEntry).join(""), entries.length);
      renameSync(draft, this.path);
    } catch (error) {
      closeSync(fd);
      rmSync(draft, { force: true });
      throw error;
    }
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = fd;
  }

  #append(fd: number, text: string, lines: number): void {
    writeSync(fd, text);
    this.#lines += lines;
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const { message } = error as Error;
      this.#log.warn(
        `cannot write ${this.path}: ${message}; if gafferd is killed, the next one may not find the processes that it left`,
      );
    }
  }
}
