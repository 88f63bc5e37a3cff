import {
  close as closeDescriptor,
  constants,
  fdatasync,
  ftruncate,
  openSync,
  write as writeToDescriptor,
} from "node:fs";
import { promisify } from "node:util";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Segment } from "./segments.ts";

const writeSome = promisify(writeToDescriptor);
const truncate = promisify(ftruncate);
const sync = promisify(fdatasync);
const close = promisify(closeDescriptor);

const retryMs = 1000;
/** After this time without a write, what was written goes to the disk, so that it survives a power cut. */
const syncAfterMs = 1000;

/** The segment that is being written. */
export class SegmentFile {
  readonly segment: Segment;
  readonly #fd: number;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  #failure: string | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();

  /** Creates the file. Throws the errors of `node:fs`. */
  constructor(segment: Segment, { log, signal }: { log: Logger; signal: AbortSignal }) {
    this.segment = segment;
    this.#log = log;
    this.#signal = signal;
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
    this.#fd = openSync(segment.path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  }

  /**
   * Appends a block. While the disk is full, logs this once and tries again every second; a part of a block does not remain.
   * Returns false if the signal was aborted meanwhile.
   */
  async append(block: Buffer): Promise<boolean> {
    clearTimeout(this.#syncTimer);
    const { segment } = this;
    for (;;) {
      try {
        for (let at = 0; at < block.length;) {
          at += (await writeSome(this.#fd, block, at, block.length - at, segment.size + at)).bytesWritten;
        }
        segment.size += block.length;
        segment.writtenAtMs = Date.now();
        if (this.#failure !== undefined) this.#log.info(`writing to ${segment.path} again`);
        this.#failure = undefined;
        this.#syncTimer = setTimeout(() => void this.#sync(), syncAfterMs).unref();
        return true;
      } catch (error) {
        await truncate(this.#fd, segment.size).catch(() => {});
        this.#failed(messageOf(error));
        if (this.#signal.aborted) return false;
        await Bun.sleep(retryMs);
        if (this.#signal.aborted) return false;
      }
    }
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    await this.#sync();
    await close(this.#fd);
  }

  async #sync(): Promise<void> {
    this.#syncing = this.#syncing.then(() => sync(this.#fd)).catch((error: unknown) => this.#failed(messageOf(error)));
    await this.#syncing;
  }

  #failed(reason: string): void {
    if (this.#failure === reason) return;
    this.#failure = reason;
    this.#log.error(
      `cannot keep output in ${this.segment.path}: ${reason}; trying again every second, streams name what is lost`,
    );
  }
}
