import {
  close as closeDescriptor,
  constants,
  fdatasync,
  ftruncate,
  openSync,
  writev as writeToDescriptor,
} from "node:fs";
import { promisify } from "node:util";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Segment } from "./segments.ts";

const truncate = promisify(ftruncate);
const sync = promisify(fdatasync);
const close = promisify(closeDescriptor);

/** What was written goes to the disk, so that it survives a power cut, after this time without a write, */
const quietMs = 1000;
/** and at the latest after this time. */
const latestMs = 10_000;
/** At most one `fdatasync` at a time and one that waits: a disk that is too slow for more must not use up all threads. */
const maxSyncs = 2;
let syncs = 0;
let syncing: Promise<unknown> = Promise.resolve();

/** The segment that is being written. */
export class SegmentFile {
  readonly segment: Segment;
  readonly #fd: number;
  readonly #log: Logger;
  #failure: string | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  /** When the oldest byte was written that may not be on the disk; undefined if there is none. */
  #unsyncedMs: number | undefined;
  #isClosed = false;

  /** Creates the file. Throws the errors of `node:fs`. */
  constructor(segment: Segment, log: Logger) {
    this.segment = segment;
    this.#log = log;
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
    this.#fd = openSync(segment.path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  }

  /** Appends whole blocks. Returns false if that failed: this is logged once, and no part of a block remains. */
  async append(blocks: readonly Buffer[]): Promise<boolean> {
    const { segment } = this;
    try {
      segment.size += await writeAll(this.#fd, blocks, segment.size);
    } catch (error) {
      await truncate(this.#fd, segment.size).catch(() => {});
      this.#failed(messageOf(error));
      return false;
    }
    segment.writtenAtMs = Date.now();
    if (this.#failure !== undefined) this.#log.info(`writing to ${segment.path} again`);
    this.#failure = undefined;
    this.#syncSoon();
    return true;
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#syncTimer);
    await this.#sync();
    await close(this.#fd);
  }

  #syncSoon(): void {
    const nowMs = performance.now();
    this.#unsyncedMs ??= nowMs;
    if (this.#syncTimer !== undefined && nowMs - this.#unsyncedMs > latestMs - quietMs) return;
    clearTimeout(this.#syncTimer);
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined;
      void this.#sync();
    }, quietMs).unref();
  }

  async #sync(): Promise<void> {
    if (this.#unsyncedMs === undefined || syncs >= maxSyncs) return;
    this.#unsyncedMs = undefined;
    syncs += 1;
    const own = syncing.then(() => sync(this.#fd)).catch((error: unknown) => this.#failed(messageOf(error)));
    syncing = own;
    await own;
    syncs -= 1;
  }

  #failed(reason: string): void {
    if (this.#failure === reason) return;
    this.#failure = reason;
    this.#log.error(
      `cannot keep output in ${this.segment.path}: ${reason}; trying again every second, streams name what is lost`,
    );
  }
}

/** Writes all of it at `position`. Returns its length. */
async function writeAll(fd: number, blocks: readonly Buffer[], position: number): Promise<number> {
  let rest = blocks;
  let written = 0;
  while (rest.length > 0) {
    let bytes = await writeSome(fd, rest, position + written);
    written += bytes;
    while (rest.length > 0 && bytes >= rest[0]!.length) {
      bytes -= rest[0]!.length;
      rest = rest.slice(1);
    }
    if (bytes > 0) rest = [rest[0]!.subarray(bytes), ...rest.slice(1)];
  }
  return written;
}

function writeSome(fd: number, blocks: readonly Buffer[], position: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  writeToDescriptor(fd, blocks, position, (error, bytes) => {
    if (error) reject(error);
    else if (bytes === 0) reject(new Error("the disk takes no bytes"));
    else resolve(bytes);
  });
  return promise;
}
