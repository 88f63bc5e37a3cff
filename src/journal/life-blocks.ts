import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Block } from "./block.ts";
import { SegmentReader } from "./segment-reader.ts";
import type { Life, Segment, Segments } from "./segments.ts";

/** Why blocks before one are missing: a file is damaged, or it was deleted because it was too old. */
export type BlockLoss = "damaged" | "deleted";

/** The blocks of one boot of a template, over all its segments from one on. The caller must `close` it. */
export class LifeBlocks {
  readonly #segments: Segments;
  readonly #life: Pick<Life, "boot" | "serial">;
  readonly #log: Logger;
  #segment: Segment | undefined;
  #reader: SegmentReader | undefined;
  #loss: BlockLoss | undefined;

  constructor(segments: Segments, first: Segment, log: Logger) {
    this.#segments = segments;
    this.#life = first;
    this.#log = log;
    this.#open(first);
  }

  /** The next block; undefined at the end, for now. A segment that cannot be read is logged and skipped. */
  async next(): Promise<Block | undefined> {
    for (;;) {
      // Before the read: when there is a newer segment, this one does not grow any more.
      const newer = this.#newer();
      this.#loss = this.#reader === undefined ? this.#loss : undefined;
      const block = await this.#read();
      if (block !== undefined || newer === undefined) return block;
      await this.#reader?.close();
      this.#open(newer);
    }
  }

  /** Why something is missing directly before the last block; undefined if that is not known. */
  get loss(): BlockLoss | undefined {
    return this.#loss;
  }

  /** Closes the file and frees the memory. Returns whether the next call of `next` returns the last block again. */
  async park(): Promise<boolean> {
    return (await this.#reader?.park()) ?? false;
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  #open(segment: Segment): void {
    this.#segment = segment;
    this.#reader = new SegmentReader({
      path: segment.path,
      limit: () => segment.size,
      onDamage: (message) => {
        this.#loss = "damaged";
        this.#log.error(message);
      },
    });
  }

  async #read(): Promise<Block | undefined> {
    try {
      return await this.#reader?.next();
    } catch (error) {
      // It may have been deleted because it was too old.
      const isDeleted = (error as NodeJS.ErrnoException).code === "ENOENT";
      this.#loss = isDeleted ? "deleted" : "damaged";
      if (!isDeleted) this.#log.error(messageOf(error));
      await this.#reader?.close();
      this.#reader = undefined;
      return undefined;
    }
  }

  #newer(): Segment | undefined {
    const { boot, serial } = this.#life;
    const after = this.#segment?.sequence ?? 0;
    return this.#segments.list.find(
      (segment) => segment.sequence > after && segment.boot === boot && segment.serial === serial,
    );
  }
}
