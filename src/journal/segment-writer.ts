import { randomBytes } from "node:crypto";
import { bootId } from "../boot.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { OutputKeep } from "../template/template.ts";
import type { Batch, Part } from "./batch.ts";
import type { BlockMeta, EndedTotals } from "./block-meta.ts";
import { SegmentFile } from "./segment-file.ts";
import { emptyMeta, segmentHeader, unfinishedLines } from "./segment-header.ts";
import type { Segment, Segments } from "./segments.ts";
import { type Load, StagedBlocks } from "./staged-blocks.ts";
import type { TrackedProcess } from "./tracked-process.ts";
import type { WriteSlots } from "./write-slots.ts";

export interface SegmentWriterOptions {
  readonly supervisor: Supervisor;
  readonly segments: Segments;
  readonly slots: WriteSlots;
  readonly log: Logger;
}

/** What the header of a new segment says about everything before it. */
export interface SegmentContext {
  readonly processes: Iterable<TrackedProcess>;
  readonly ended: EndedTotals;
  readonly rank: number;
}

const [smallestSegment, largestSegment] = [64 * 1024, 16 * 1024 * 1024];
/** Output is deleted in about so many steps, segment by segment. */
const segmentShare = 8;

/** Puts the blocks of one template into segments, one after the other, and deletes segments beyond `output_keep`. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #staged: StagedBlocks;
  #file: SegmentFile | undefined;
  /** The bytes of its blocks, also of those that are not on disk yet. */
  #fileBytes = 0;
  #seed = 0n;
  #startedMs = 0;
  #failure: string | undefined;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#staged = new StagedBlocks(options.slots);
  }

  /** The segment that is being written; undefined before the first block. */
  get current(): Segment | undefined {
    return this.#file?.segment;
  }

  /** True if every block is on disk. */
  get isEmpty(): boolean {
    return this.#staged.isEmpty;
  }

  /**
   * Copies a block. `full`: there is no memory for it now. `failed`: it needs a new segment, which cannot be created; this is
   * logged once.
   */
  add(batch: Batch, context: SegmentContext): "added" | "full" | "failed" {
    if (!this.#options.slots.hasFree) return "full";
    if (this.#mustRotate(batch) && !this.#rotate(context)) return "failed";
    return this.#add(batch.meta, batch.parts, this.#seed) ? "added" : "full";
  }

  /** Adds the last block of the template. Returns false if there is no memory for it now. */
  addEnd(rank: number): boolean {
    return this.#add({ ...emptyMeta(rank), closed: true }, [], this.#seed);
  }

  /** Ends the segment if all of it is too old, so that it can be deleted. The next block begins a new one. */
  endIfOld(nowMs: number): void {
    const file = this.#file;
    const { maxAgeMs = Infinity } = this.#keep;
    if (file === undefined || !this.isEmpty || nowMs - file.segment.writtenAtMs <= maxAgeMs) return;
    this.#file = undefined;
    void file.close();
  }

  /** See `StagedBlocks`. */
  take(): Load | undefined {
    return this.#staged.take();
  }

  written({ file }: Load): void {
    const { segments } = this.#options;
    this.#staged.written();
    // A reader goes on to the next segment only when the one before is complete.
    if (!segments.list.includes(file.segment)) {
      segments.add(file.segment);
      void segments.enforce(this.#keep, Date.now(), this.current);
    }
    if (file !== this.#file && !this.#staged.has(file)) void file.close();
  }

  /** Drops what is not on disk. Resolves when the files are closed. No write may be under way. */
  async close(): Promise<void> {
    const files = new Set(this.#staged.drop());
    if (this.#file !== undefined) files.add(this.#file);
    await Promise.all([...files].map((file) => file.close()));
  }

  #add(meta: BlockMeta, parts: readonly Part[], seed: bigint): boolean {
    if (this.#file === undefined) return false;
    const length = this.#staged.add({ file: this.#file, meta, parts, seed });
    this.#fileBytes += length ?? 0;
    return length !== undefined;
  }

  #mustRotate({ dataLength }: Batch): boolean {
    if (this.#file === undefined) return true;
    const { maxBytes, maxAgeMs } = this.#keep;
    const most = Math.min(largestSegment, Math.max(smallestSegment, (maxBytes ?? Infinity) / segmentShare));
    const ageMs = performance.now() - this.#startedMs;
    return this.#fileBytes + dataLength > most || ageMs > (maxAgeMs ?? Infinity) / segmentShare;
  }

  /** Begins a new segment. */
  #rotate({ processes, ended, rank }: SegmentContext): boolean {
    const { supervisor } = this.#options;
    const file = this.#createFile(rank);
    if (file === undefined) return false;
    const old = this.#file;
    this.#file = file;
    this.#fileBytes = 0;
    this.#startedMs = performance.now();
    if (old !== undefined && !this.#staged.has(old)) void old.close();
    this.#seed = randomBytes(8).readBigUInt64LE();
    const all = [...processes];
    const repeated = unfinishedLines(all);
    const header = segmentHeader({ supervisor, processes: all, repeated, ended, rank, seed: this.#seed });
    return this.#add(header, repeated, 0n);
  }

  #createFile(rank: number): SegmentFile | undefined {
    const { segments, supervisor, log } = this.#options;
    try {
      const segment: Segment = {
        ...segments.next(),
        boot: bootId,
        serial: supervisor.ranks.serial,
        rank,
        keep: this.#keep,
        size: 0,
        writtenAtMs: Date.now(),
      };
      const file = new SegmentFile(segment, log);
      this.#failure = undefined;
      return file;
    } catch (error) {
      const [reason, { name }] = [messageOf(error), supervisor.template];
      if (this.#failure !== reason)
        log.error(`cannot keep output of ${name}: ${reason}; trying again every second, streams name what is lost`);
      this.#failure = reason;
      return undefined;
    }
  }

  get #keep(): OutputKeep {
    return this.#options.supervisor.template.outputKeep ?? {};
  }
}
