import { copyParts, type Part } from "./batch.ts";
import { encodeBlock, encodedLength } from "./block.ts";
import type { BlockMeta } from "./block-meta.ts";
import type { SegmentFile } from "./segment-file.ts";
import type { WriteSlots } from "./write-slots.ts";

/** Whole blocks that are written to one file together. */
export interface Load {
  readonly file: SegmentFile;
  readonly slots: { readonly memory: Buffer; used: number }[];
  /** Everything with a lower rank is in the file after this, or was written before. */
  rank: number;
  /** The bytes of output in it. */
  outputBytes: number;
}

export interface NewBlock {
  readonly file: SegmentFile;
  readonly meta: BlockMeta;
  readonly parts: readonly Part[];
  readonly seed: bigint;
}

/**
 * Blocks that were copied from the buffers and are not on disk yet. While a write is under way, the blocks that follow collect
 * here and become one write.
 */
export class StagedBlocks {
  readonly #slots: WriteSlots;
  readonly #loads: Load[] = [];
  #inFlight: Load | undefined;

  constructor(slots: WriteSlots) {
    this.#slots = slots;
  }

  /** True if everything is on disk. */
  get isEmpty(): boolean {
    return this.#loads.length === 0 && this.#inFlight === undefined;
  }

  /** Whether blocks of this file are not on disk yet. */
  has(file: SegmentFile): boolean {
    return this.#inFlight?.file === file || this.#loads.some((load) => load.file === file);
  }

  /** Copies a block. Returns its length; undefined if there is no memory for it now. */
  add({ file, meta, parts, seed }: NewBlock): number | undefined {
    const text = JSON.stringify(meta);
    const dataLength = parts.reduce((sum, { from, to }) => sum + to - from, 0);
    const length = encodedLength({ text, dataLength });
    const load = this.#loadOf(file);
    const slot = this.#slotOf(load, length);
    if (slot === undefined) return undefined;
    if (load !== this.#loads.at(-1)) this.#loads.push(load);
    const target = slot.memory.subarray(slot.used, slot.used + length);
    encodeBlock(target, { text, dataLength, seed, fill: (to, at) => copyParts(parts, to, at) });
    slot.used += length;
    load.rank = meta.to;
    load.outputBytes += dataLength;
    return length;
  }

  /** What is written next, until `written` is called; undefined if there is nothing. */
  take(): Load | undefined {
    return (this.#inFlight ??= this.#loads.shift());
  }

  /** The load that was taken last is on disk. */
  written(): void {
    const load = this.#inFlight;
    this.#inFlight = undefined;
    if (load !== undefined) this.#release(load);
  }

  /** Nothing of it will be written. Returns the files. No write may be under way. */
  drop(): SegmentFile[] {
    const loads = [...(this.#inFlight === undefined ? [] : [this.#inFlight]), ...this.#loads.splice(0)];
    this.#inFlight = undefined;
    for (const load of loads) this.#release(load);
    return loads.map(({ file }) => file);
  }

  #loadOf(file: SegmentFile): Load {
    const last = this.#loads.at(-1);
    return last?.file === file ? last : { file, slots: [], rank: 0, outputBytes: 0 };
  }

  #slotOf(load: Load, length: number): Load["slots"][number] | undefined {
    const last = load.slots.at(-1);
    if (last !== undefined && last.memory.length - last.used >= length) return last;
    const memory = this.#slots.take(length);
    if (memory === undefined) return undefined;
    const slot = { memory, used: 0 };
    load.slots.push(slot);
    return slot;
  }

  #release({ slots }: Load): void {
    this.#slots.release(slots.map(({ memory }) => memory));
  }
}
