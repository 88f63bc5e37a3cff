import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "../log.ts";
import { formatEntry, formatHeader, type RunEntry, type RunHeader } from "./run-format.ts";

/** A file is written anew when it has so many lines, and so many times more than there are processes. */
const compactLines = 4096;
const compactRatio = 4;

/**
 * The list of what runs, on disk, for whoever comes after a gafferd that was killed. A line is appended at each spawn;
 * an end is not written: number and start tell whether a process still is the one that is listed. There is no file
 * before the first spawn. Where none can be written, says so once and goes on without.
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

  /** Nothing of it lives any more. */
  remove(osPid: number): void {
    this.#entries.delete(osPid);
  }

  /** Takes the file away: nothing is left that it could tell of. */
  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.path, { force: true });
  }

  /** Whole or not at all. */
  #writeAll(): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.draft`;
    const fd = openSync(draft, "w", 0o600);
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
