import { randomBytes } from "node:crypto";
import { bootId } from "../boot.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { OutputProcess } from "../reading/output-source.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { OutputKeep } from "../template/template.ts";
import { type Batch, encodeParts, nextBatch } from "./batch.ts";
import type { EndedTotals } from "./block-meta.ts";
import { SegmentFile } from "./segment-file.ts";
import { addToTotals, totalsOfDropped } from "./ended-totals.ts";
import { emptyMeta, segmentHeader, unfinishedLines } from "./segment-header.ts";
import type { Segment, Segments } from "./segments.ts";
import { firstRank, trackProcess, type TrackedOutput, type TrackedProcess } from "./tracked-process.ts";
import type { WriteSlots } from "./write-slots.ts";

export interface JournalWriterOptions {
  readonly supervisor: Supervisor;
  readonly segments: Segments;
  readonly slots: WriteSlots;
  readonly log: Logger;
  /** Writes nothing before this. */
  readonly after: Promise<unknown>;
  /** Gives up waiting for a disk. */
  readonly signal: AbortSignal;
}

/** Output waits this long for more, so that a chatty process does not cause a write for each line. */
const delayMs = 20;
/** With this much, or a quarter of the buffer, it is written at once. */
const urgentBytes = 256 * 1024;
const [smallestSegment, largestSegment] = [64 * 1024, 16 * 1024 * 1024];
/** Output is deleted in about so many steps, segment by segment. */
const segmentShare = 8;

/**
 * Writes the outputs of one template to disk, from its first byte until the template is deleted or no longer wants it. It reads
 * the buffers as any other reader does: what a slow disk loses is missing on disk, and its positions say so.
 */
export class JournalWriter {
  /** Resolves when nothing more will be written. */
  readonly done: Promise<void>;
  readonly #options: JournalWriterOptions;
  readonly #processes = new Map<number, TrackedProcess>();
  readonly #dirty = new Set<TrackedOutput>();
  readonly #ended: EndedTotals;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #done = Promise.withResolvers<void>();
  #file: SegmentFile | undefined;
  #seed = 0n;
  /** Everything with a lower rank was read. */
  #rank: number;
  #writtenRank = 0;
  #hasChanges = true;
  /** Everything before this rank is still to be written; undefined if the end is not known. */
  #closeRank: number | undefined;
  #isDone = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #segmentStartedMs = 0;

  constructor(options: JournalWriterOptions) {
    const { supervisor } = options;
    this.#options = options;
    this.done = this.#done.promise;
    const processes = [...supervisor.exits, ...supervisor.processes];
    this.#rank = Math.min(supervisor.ranks.next, ...processes.map(firstRank));
    this.#ended = totalsOfDropped(supervisor, this.#rank);
    for (const process of processes) this.add(process);
    this.#unsubscribe = supervisor.onChange(() => {
      this.#hasChanges = true;
      this.#schedule(false);
    });
  }

  /** The segment that is being written; undefined before the first block. */
  get current(): Segment | undefined {
    return this.#file?.segment;
  }

  /** Everything with a lower rank is on disk, or lost. */
  get rank(): number {
    return this.#writtenRank;
  }

  /** The template's `RankCounter.serial`. */
  get serial(): number {
    return this.#options.supervisor.ranks.serial;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Adds a process that was just spawned. */
  add(process: OutputProcess): void {
    if (this.#processes.has(process.id)) return;
    const tracked = trackProcess(process, (output) => {
      this.#dirty.add(output);
      const { available, ring } = output.cursor;
      this.#schedule(available >= Math.min(urgentBytes, ring.capacity / 4));
    });
    this.#processes.set(process.id, tracked);
    for (const output of tracked.outputs) this.#dirty.add(output);
    this.#schedule(false);
  }

  /** Calls `listener` after each block. Returns a function that unsubscribes. */
  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything that has arrived is on disk, or lost. */
  async flush(): Promise<void> {
    await this.#running;
    await this.#run();
  }

  /** Stops after what has arrived, although processes go on. */
  async close(): Promise<void> {
    this.#closeRank ??= this.#options.supervisor.ranks.next;
    while (!this.#isDone) await this.flush();
  }

  #schedule(isUrgent: boolean): void {
    if (this.#running !== undefined || this.#isDone) return;
    if (isUrgent) void this.#run();
    else this.#timer ??= setTimeout(() => void this.#run(), delayMs);
  }

  #run(): Promise<void> {
    if (this.#isDone) return Promise.resolve();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return (this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
      if (this.#dirty.size > 0 || this.#hasChanges) this.#schedule(this.#isUrgent());
    }));
  }

  async #write(): Promise<void> {
    const { supervisor, slots, log, signal } = this.#options;
    try {
      await this.#options.segments.load();
      await this.#options.after;
      do {
        const slot = await slots.acquire();
        let used = slot;
        try {
          used = await this.#writeBlock(slot);
        } finally {
          slots.release(used);
        }
      } while (!signal.aborted && this.#isUrgent());
      const isEmpty = supervisor.isRetired && this.#processes.size === 0;
      if (isEmpty || this.#rank >= (this.#closeRank ?? Infinity) || signal.aborted) await this.#finish();
    } catch (error) {
      log.error(`the output of ${supervisor.template.name} is no longer kept: ${messageOf(error)}`, error);
      this.#end();
    }
  }

  /** Writes the next block, if there is one. Returns the slot, or a larger one. */
  async #writeBlock(slot: Buffer): Promise<Buffer> {
    this.#hasChanges = false;
    let batch = this.#nextBatch();
    if (batch === undefined) {
      this.#dirty.clear();
      this.#rank = this.#writtenRank = this.#options.supervisor.ranks.next;
      return slot;
    }
    let target = slot;
    if (this.#mustRotate(batch)) {
      target = await this.#rotate(slot);
      // More has arrived meanwhile, and bytes may have been overwritten.
      batch = this.#nextBatch();
      if (batch === undefined) return target;
    }
    const { parts } = batch;
    const encoded = encodeParts(target, batch.meta, parts, this.#seed);
    this.#take(batch);
    const isWritten = await this.#file?.append(encoded.block);
    this.#writtenRank = this.#rank;
    if (isWritten) for (const listener of this.#listeners) listener();
    return encoded.slot;
  }

  #nextBatch(): Batch | undefined {
    for (const output of this.#dirty) {
      const gap = output.cursor.takeGap();
      if (gap !== undefined) output.lineStart = gap.to;
    }
    return nextBatch({
      dirty: this.#dirty,
      processes: this.#processes.values(),
      rank: this.#rank,
      nextRank: this.#options.supervisor.ranks.next,
      nowMs: Date.now(),
    });
  }

  /** Marks a batch as read. Its bytes were copied. */
  #take({ meta, parts, ended, spawned, exited, added }: Batch): void {
    for (const { output, from, to } of parts) {
      const { ring } = output.cursor;
      const lineEnd = ring.lineEndBefore(from, to);
      if (lineEnd !== undefined) output.lineStart = lineEnd;
      output.cursor.advance(to);
    }
    for (const output of ended) output.hasEnded = true;
    for (const tracked of added) tracked.isRecorded = true;
    for (const tracked of spawned) tracked.hasSpawned = true;
    for (const tracked of exited) this.#leave(tracked);
    for (const output of this.#dirty) {
      const { ring, available } = output.cursor;
      if (available === 0 && (!ring.ended || output.hasEnded)) this.#dirty.delete(output);
    }
    this.#rank = meta.to;
  }

  #leave({ process, outputs }: TrackedProcess): void {
    this.#processes.delete(process.id);
    for (const { cursor } of outputs) cursor.close();
    addToTotals(this.#ended, process);
  }

  #isUrgent(): boolean {
    for (const { cursor } of this.#dirty) {
      if (cursor.available >= Math.min(urgentBytes, cursor.ring.capacity / 4)) return true;
    }
    return false;
  }

  #mustRotate({ dataLength }: Batch): boolean {
    const { maxBytes, maxAgeMs } = this.#keep;
    const size = this.#file?.segment.size;
    if (size === undefined) return true;
    const most = Math.min(largestSegment, Math.max(smallestSegment, (maxBytes ?? Infinity) / segmentShare));
    const ageMs = performance.now() - this.#segmentStartedMs;
    return size + dataLength > most || ageMs > (maxAgeMs ?? Infinity) / segmentShare;
  }

  /** Begins a new segment. Returns the slot, or a larger one. */
  async #rotate(slot: Buffer): Promise<Buffer> {
    const { segments, log, signal, supervisor } = this.#options;
    const old = this.#file;
    this.#file = undefined;
    if (old !== undefined) void old.close();
    this.#seed = randomBytes(8).readBigUInt64LE();
    const repeated = unfinishedLines(this.#processes.values());
    const [processes, ended, rank, seed] = [this.#processes.values(), this.#ended, this.#rank, this.#seed];
    const header = segmentHeader({ supervisor, processes, repeated, ended, rank, seed });
    const encoded = encodeParts(slot, header, repeated, 0n);
    const segment: Segment = {
      ...segments.next(),
      boot: bootId,
      serial: supervisor.ranks.serial,
      rank,
      keep: this.#keep,
      size: 0,
      writtenAtMs: Date.now(),
    };
    this.#file = new SegmentFile(segment, { log, signal });
    this.#segmentStartedMs = performance.now();
    await this.#file.append(encoded.block);
    segments.add(segment);
    segments.enforce(this.#keep, Date.now(), segment);
    return encoded.slot;
  }

  async #finish(): Promise<void> {
    const { supervisor, signal } = this.#options;
    if (!signal.aborted && this.#file !== undefined && supervisor.isRetired) {
      const { block } = encodeParts(Buffer.alloc(1024), { ...emptyMeta(this.#rank), closed: true }, [], this.#seed);
      await this.#file.append(block);
    }
    await this.#file?.close();
    this.#end();
  }

  #end(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
    for (const { outputs } of this.#processes.values()) for (const { cursor } of outputs) cursor.close();
    this.#processes.clear();
    this.#dirty.clear();
    for (const listener of this.#listeners) listener();
    this.#done.resolve();
  }

  get #keep(): OutputKeep {
    return this.#options.supervisor.template.outputKeep ?? {};
  }
}
