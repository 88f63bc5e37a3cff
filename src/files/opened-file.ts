import { ptr } from "bun:ffi";
import { type BigIntStats, closeSync, read } from "node:fs";
import { lazyLibc } from "../libc.ts";

/**
 * A regular file that is open for reading. Close it. Reads always come from the file that was opened, whatever is at its
 * path now, and do not block the event loop.
 */
export class OpenedFile {
  readonly kind = "file";
  /** Absolute, with links resolved, at the time when it was opened. */
  readonly path: string;
  readonly stat: BigIntStats;
  readonly #fd: number;
  #reads = 0;
  #isClosing = false;
  #isClosed = false;

  /** Takes over the descriptor `fd`. */
  constructor(fd: number, path: string, stat: BigIntStats) {
    this.#fd = fd;
    this.path = path;
    this.stat = stat;
  }

  /** Fills `bytes` from `position` on. Resolves to the number of bytes read: less than its length only at the file's end. */
  async read(bytes: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < bytes.length) {
      const count = await this.#readOnce(bytes.subarray(filled), position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  /** Closes the file, after a read that is in progress. May be called again. */
  close(): void {
    this.#isClosing = true;
    // During a read, another file could get the number of the descriptor.
    if (this.#isClosed || this.#reads > 0) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }

  async #readOnce(bytes: Uint8Array, position: number): Promise<number> {
    if (this.#isClosing) throw new Error(`cannot read ${this.path}: it is closed`);
    const count = readCached(this.#fd, bytes, position);
    if (count !== undefined) return count;
    this.#reads += 1;
    try {
      return await new Promise<number>((resolve, reject) => {
        read(this.#fd, bytes, 0, bytes.length, position, (error, length) => (error ? reject(error) : resolve(length)));
      });
    } finally {
      this.#reads -= 1;
      if (this.#isClosing) this.close();
    }
  }
}

/** Reads what is in memory already: a thread for it takes longer than the read. Undefined if that would wait for a disk. */
function readCached(fd: number, bytes: Uint8Array, position: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  vector[0] = BigInt(ptr(bytes));
  vector[1] = BigInt(bytes.length);
  const count = Number(libc().syscall(preadv2, fd, ptr(vector), 1, position, 0, noWait));
  return count < 0 ? undefined : count;
}

/** See preadv2(2). A file system without RWF_NOWAIT refuses it. */
const [preadv2, noWait] = [process.arch === "arm64" ? 286 : 327, 0x8];
/** `struct iovec`: an address and a length. */
const vector = new BigUint64Array(2);

const libc = lazyLibc({ syscall: { args: ["i64", "i32", "ptr", "i32", "i64", "i64", "i32"], returns: "i64" } });
