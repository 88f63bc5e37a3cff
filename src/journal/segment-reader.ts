import { close as closeDescriptor, read as readDescriptor } from "node:fs";
import { promisify } from "node:util";
import { openFile } from "../files/open-file.ts";
import { type Block, blockLength, decodeBlock, headerBytes, magic } from "./block.ts";
import type { SegmentRecord } from "./block-meta.ts";

/** A segment that cannot be read: its first block is damaged, or a newer gafferd has written it. */
export class SegmentError extends Error {
  override readonly name = "SegmentError";
}

export interface SegmentReaderOptions {
  readonly path: string;
  /** Bytes after this offset are not read, because they are being written. Default: the whole file. */
  readonly limit?: () => number;
  /** How much is read at a time, in bytes. Default: 1 MiB. */
  readonly windowBytes?: number;
  /** Called once with a sentence if damaged bytes lie between whole blocks. */
  readonly onDamage?: (message: string) => void;
}

/** The version of the format. */
export const segmentVersion = 1;

const defaultWindowBytes = 1024 * 1024;
const readSome = promisify(readDescriptor);
const close = promisify(closeDescriptor);

/**
 * Reads the blocks of a segment in order. Every block is checked. A damaged part between whole blocks is skipped and reported;
 * a damaged end is what a crash leaves of the last write. The caller must `close` it.
 */
export class SegmentReader {
  readonly #options: SegmentReaderOptions;
  #fd: number | undefined;
  #window = Buffer.alloc(0);
  /** The offset of the window in the file. */
  #windowAt = 0;
  /** The offset of the next block in the window. */
  #next = 0;
  /** The offset of the last block in the file. */
  #lastAt: number | undefined;
  #seed = 0n;
  #segment: SegmentRecord | undefined;
  /** Where damaged bytes begin in the file; undefined if the last block was whole. */
  #damagedFrom: number | undefined;
  #hasReported = false;
  #isClosed = false;
  #reading: Promise<unknown> | undefined;

  constructor(options: SegmentReaderOptions) {
    this.#options = options;
  }

  /** The description of the segment; undefined before the first block was read. */
  get segment(): SegmentRecord | undefined {
    return this.#segment;
  }

  /** The offset in the file of the block that was read last. */
  get offset(): number {
    return this.#lastAt ?? 0;
  }

  /** The next block; undefined at the end, for now. Throws SegmentError and the errors of `node:fs`. */
  async next(): Promise<Block | undefined> {
    for (;;) {
      if (!(await this.#fill(headerBytes))) return undefined;
      const length = blockLength(this.#window, this.#next);
      const block = length !== undefined && (await this.#fill(length)) ? this.#decode(length) : undefined;
      if (block !== undefined && length !== undefined) {
        this.#lastAt = this.#windowAt + this.#next;
        this.#next += length;
        this.#reportDamage();
        return block;
      }
      if (this.#segment === undefined) throw this.#unreadable("its first block is damaged");
      // The length of a damaged block is not to be trusted.
      if (!(await this.#skipDamage())) return undefined;
    }
  }

  /** Closes the file and frees the memory. Returns whether the next call of `next` returns the last block again. */
  async park(): Promise<boolean> {
    this.#windowAt = this.#lastAt ?? this.#windowAt + this.#next;
    this.#window = Buffer.alloc(0);
    this.#next = 0;
    await this.#closeFile();
    return this.#lastAt !== undefined;
  }

  /** Resolves when the file is closed, after a read that is under way. `next` then returns undefined. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reading;
    await this.#closeFile();
  }

  async #closeFile(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) await close(fd);
  }

  #decode(length: number): Block | undefined {
    const isFirst = this.#windowAt + this.#next === 0;
    const block = decodeBlock(this.#window.subarray(this.#next, this.#next + length), isFirst ? 0n : this.#seed);
    if (block === undefined || this.#segment !== undefined) return block;
    const { segment } = block.meta;
    if (segment === undefined) throw this.#unreadable("its first block does not describe it");
    if (segment.version > segmentVersion) throw this.#unreadable("a newer gafferd has written it");
    this.#segment = segment;
    this.#seed = BigInt.asUintN(64, BigInt(segment.seed));
    return block;
  }

  /** Moves to the next possible beginning of a block. Returns false if there is none, for now. */
  async #skipDamage(): Promise<boolean> {
    this.#damagedFrom ??= this.#windowAt + this.#next;
    for (;;) {
      const found = this.#window.indexOf(magic, this.#next + 1);
      if (found >= 0) {
        this.#next = found;
        return true;
      }
      const from = this.#next;
      this.#next = Math.max(this.#next, this.#window.length - magic.length);
      if (this.#next === from || !(await this.#fill(magic.length + 1))) return false;
    }
  }

  #reportDamage(): void {
    const from = this.#damagedFrom;
    this.#damagedFrom = undefined;
    if (from === undefined || this.#hasReported) return;
    this.#hasReported = true;
    this.#options.onDamage?.(`${this.#options.path} is damaged from byte ${from} on; the rest of it is used`);
  }

  /** Makes `wanted` bytes from the next block on available. Returns false if the file has fewer. */
  async #fill(wanted: number): Promise<boolean> {
    while (this.#window.length - this.#next < wanted) {
      const held = this.#window.subarray(this.#next);
      const { windowBytes = defaultWindowBytes } = this.#options;
      const window = Buffer.allocUnsafe(Math.max(windowBytes, wanted));
      held.copy(window);
      const at = this.#windowAt + this.#next;
      const limit = this.#options.limit?.() ?? Infinity;
      const want = Math.min(window.length, limit - at) - held.length;
      if (want <= 0 || this.#isClosed) return false;
      this.#fd ??= openFile(this.#options.path);
      const read = readSome(this.#fd, window, held.length, want, at + held.length);
      this.#reading = read.catch(() => {});
      const { bytesRead } = await read;
      if (bytesRead === 0) return false;
      // A new buffer each time: blocks are views of the old one.
      this.#window = window.subarray(0, held.length + bytesRead);
      this.#windowAt = at;
      this.#next = 0;
    }
    return true;
  }

  #unreadable(reason: string): SegmentError {
    return new SegmentError(`cannot read the kept output in ${this.#options.path}: ${reason}`);
  }
}
