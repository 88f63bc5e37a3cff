import { closeSync, fstatSync, statSync, write as writeToDescriptor } from "node:fs";
import { promisify } from "node:util";
import type { FileUser } from "../files/as-user.ts";
import { openForAppend, withFileRights } from "../files/append-file.ts";
import { rotateFile } from "../files/rotate-file.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Rotation } from "../template/template.ts";

export interface OutputFileOptions {
  /** Absolute. */
  readonly path: string;
  /** Default: the file is never rotated. */
  readonly rotation?: Rotation | undefined;
  /** The user whose permissions are used where gafferd's own are too high (`append-file.ts`). */
  readonly user?: FileUser | undefined;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const retryMs = 1000;
/** How often to check whether another program has renamed, deleted or emptied the file. */
const checkMs = 1000;
const newline = 10;
const writeSome = promisify(writeToDescriptor);

/**
 * A file that output is appended to. It is opened at the first write, and again after `reopen`, or when another program has
 * moved it away. Close it when nothing will follow.
 */
export class OutputFile {
  readonly #options: OutputFileOptions;
  #fd: number | undefined;
  #size = 0;
  #checkedMs = 0;
  #isAtLineStart = true;
  /** The error of the last attempt; undefined after a success. */
  #failure: string | undefined;
  #mustReopen = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: OutputFileOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /**
   * Appends `bytes`, or a text that begins on a line of its own. Resolves when they are in the file. While the disk is full or
   * the file cannot be opened, logs this once and tries again every second.
   */
  append(bytes: Uint8Array | string): Promise<void> {
    const next = this.#turn.then(() => this.#append(bytes));
    this.#turn = next;
    return next;
  }

  /** The next write opens `path` again. */
  reopen(): void {
    this.#mustReopen = true;
  }

  /** Closes the file after the writes that have begun. */
  async close(): Promise<void> {
    await this.#turn;
    this.#close();
  }

  async #append(given: Uint8Array | string): Promise<void> {
    const { signal } = this.#options;
    const bytes = typeof given !== "string" ? given : Buffer.from(this.#isAtLineStart ? given : `\n${given}`);
    for (let at = 0; at < bytes.length && !signal.aborted;) {
      try {
        at += await this.#write(bytes.subarray(at));
      } catch (error) {
        this.#failed(messageOf(error));
        await pause(retryMs, signal);
      }
    }
  }

  async #write(rest: Uint8Array): Promise<number> {
    let fd = this.#open();
    let length = this.#fittingLength(rest);
    if (length === 0) {
      this.#rotate();
      fd = this.#open();
      length = this.#fittingLength(rest) || rest.length;
    }
    const { bytesWritten } = await writeSome(fd, rest, 0, length);
    this.#size += bytesWritten;
    if (bytesWritten > 0) this.#isAtLineStart = rest[bytesWritten - 1] === newline;
    if (this.#failure !== undefined) this.#options.log.info(`writing to ${this.#options.path} again`);
    this.#failure = undefined;
    return bytesWritten;
  }

  /** How many of the bytes go to the current file: lines that fit, or the rest of an unfinished line. 0: rotate first. */
  #fittingLength(bytes: Uint8Array): number {
    const { rotation } = this.#options;
    const room = (rotation?.maxBytes ?? Infinity) - this.#size;
    if (bytes.length <= room) return bytes.length;
    const whole = room > 0 ? bytes.lastIndexOf(newline, room - 1) + 1 : 0;
    if (whole > 0 || (this.#size > 0 && this.#isAtLineStart)) return whole;
    return bytes.indexOf(newline) + 1 || bytes.length;
  }

  #open(): number {
    const { path, user } = this.#options;
    const nowMs = performance.now();
    const isDue = nowMs - this.#checkedMs >= checkMs;
    if (this.#mustReopen || (this.#fd !== undefined && isDue && this.#wasMoved(this.#fd))) this.#close();
    if (this.#fd === undefined) {
      this.#fd = openForAppend(path, user);
      this.#size = fstatSync(this.#fd).size;
      this.#isAtLineStart ||= this.#size === 0;
      this.#checkedMs = nowMs;
    }
    return this.#fd;
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#mustReopen = false;
  }

  #wasMoved(fd: number): boolean {
    const open = fstatSync(fd);
    const there = statSync(this.#options.path, { throwIfNoEntry: false });
    this.#checkedMs = performance.now();
    // Another program may have emptied the file.
    this.#size = open.size;
    return there?.ino !== open.ino || there.dev !== open.dev;
  }

  #rotate(): void {
    const { path, rotation, user } = this.#options;
    this.#close();
    withFileRights(path, user, () => rotateFile(path, rotation?.keep ?? 1));
  }

  #failed(reason: string): void {
    const { path, log } = this.#options;
    if (this.#failure === reason) return;
    this.#failure = reason;
    // The descriptor may be at fault, such as after the disk was mounted again.
    this.#close();
    log.error(
      `cannot write output to ${path}: ${reason}; trying again every second, what is lost is named in the file`,
    );
  }
}

/** Resolves after `ms`, or when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => resolve();
  signal.addEventListener("abort", end);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}
