import type { Logger } from "../log.ts";
import type { OutputProcess } from "../reading/output-source.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type Batch, markTaken, nextBatch } from "./batch.ts";
import type { EndedTotals } from "./block-meta.ts";
import type { DiskQueue } from "./disk-queue.ts";
import { addToTotals, totalsOfDropped } from "./ended-totals.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { Segment, Segments } from "./segments.ts";
import type { Load } from "./staged-blocks.ts";
import { firstRank, trackProcess, type TrackedOutput, type TrackedProcess } from "./tracked-process.ts";
import type { WriteSlots } from "./write-slots.ts";

export interface JournalWriterOptions {
  readonly supervisor: Supervisor;
  readonly segments: Segments;
  readonly slots: WriteSlots;
  readonly queue: DiskQueue;
  readonly log: Logger;
  /** Writes nothing before this. */
  readonly after: Promise<unknown>;
}

/** Output waits this long for more, so that a chatty process does not cause a write for each line. */
const delayMs = 20;
/** With this much, or three quarters of the buffer, it is copied at once. */
const urgentBytes = 768 * 1024;
/** After a failure it tries again. */
const retryMs = 1000;

/**
 * Writes the outputs of one template to disk, from its first byte until the template is deleted or no longer wants it. It reads
 * the buffers as any other reader does and copies what is new; the disk may lag behind. What a slow disk loses is missing on
 * disk, and its positions say so.
 */
export class JournalWriter {
  /** Resolves when nothing more will be written. */
  readonly done: Promise<void>;
  /** Bytes of output that were written, and that are missing on disk because it was full or too slow. */
  readonly meter = { writtenBytes: 0, lostBytes: 0 };
  readonly #options: JournalWriterOptions;
  readonly #segment: SegmentWriter;
  readonly #processes = new Map<number, TrackedProcess>();
  readonly #dirty = new Set<TrackedOutput>();
  readonly #ended: EndedTotals;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #done = Promise.withResolvers<void>();
  readonly #ready: Promise<void>;
  #isReady = false;
  /** Everything with a lower rank was copied. */
  #rank: number;
  #writtenRank = 0;
  /** Everything before this rank is still to be written; undefined if the end is not known. */
  #closeRank: number | undefined;
  #isClosing = false;
  #isDone = false;
  #isAborted = false;
  #isWriting = false;
  /** The disk does not take anything at the moment. */
  #isFailing = false;
  #timer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: JournalWriterOptions) {
    const { supervisor, segments, after } = options;
    this.#options = options;
    this.#segment = new SegmentWriter(options);
    this.done = this.#done.promise;
    const processes = [...supervisor.exits, ...supervisor.processes];
    this.#rank = Math.min(supervisor.ranks.next, ...processes.map(firstRank));
    this.#ended = totalsOfDropped(supervisor, this.#rank);
    for (const process of processes) this.add(process);
    this.#unsubscribe = supervisor.onChange(() => this.#stageSoon());
    // Not waited for: there may be thousands, and the buffers are not large.
    void segments.load();
    this.#ready = after.then(() => {
      this.#isReady = true;
      this.#stage();
    });
  }

  /** The segment that is being written; undefined before the first block. */
  get current(): Segment | undefined {
    return this.#segment.current;
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
      if (available >= Math.min(urgentBytes, ring.capacity * 0.75)) this.#stage();
      else this.#stageSoon();
    });
    this.#processes.set(process.id, tracked);
    for (const output of tracked.outputs) this.#dirty.add(output);
    this.#stageSoon();
  }

  /** Calls `listener` after each write, and when nothing can be written. Returns a function that unsubscribes. */
  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything that has arrived until now is on disk, or lost, or if the disk does not take it now. */
  async flush(): Promise<void> {
    await this.#ready;
    const { supervisor } = this.#options;
    const target = supervisor.ranks.next;
    this.#stage();
    const isStuck = () => this.#isFailing || (this.#segment.isEmpty && !this.#options.slots.hasFree);
    // The last block of a deleted template says that it is the last.
    const isMissing = () => this.#writtenRank < target || (supervisor.isRetired && this.#processes.size === 0);
    while (!this.#isDone && isMissing() && !isStuck()) {
      await new Promise<void>((resolve) => {
        const unsubscribe = this.onWritten(() => {
          unsubscribe();
          resolve();
        });
      });
      if (this.#segment.isEmpty) this.#stage();
    }
  }

  /** Call now and then, so that what is too old can be deleted although nothing new comes. */
  endOldSegment(nowMs: number): void {
    this.#segment.endIfOld(nowMs);
  }

  /** Stops after what has arrived, although processes go on. */
  close(): void {
    this.#closeRank ??= this.#options.supervisor.ranks.next;
    this.#stage();
  }

  /** Stops at once: what is not on disk yet is lost. Resolves when the file is closed. */
  async abort(): Promise<void> {
    this.#isAborted = true;
    if (!this.#isWriting) this.#end();
    await this.done;
  }

  takeLoad(): Load | undefined {
    const load = this.#segment.take();
    this.#isWriting = load !== undefined;
    return load;
  }

  loadWritten(load: Load, isWritten: boolean): void {
    const wasFailing = this.#isFailing;
    this.#isWriting = false;
    this.#isFailing = !isWritten;
    if (this.#isAborted) this.#end();
    else if (isWritten) this.#written(load);
    else this.#retryLater();
    if (wasFailing) this.#stageSoon();
    this.#notify();
  }

  #written(load: Load): void {
    this.#segment.written(load);
    this.meter.writtenBytes += load.outputBytes;
    const { isEmpty } = this.#segment;
    this.#writtenRank = isEmpty ? this.#rank : load.rank;
    if (isEmpty) this.#endIfDone();
    else this.#options.queue.request(this);
  }

  #retryLater(): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#segment.isEmpty) this.#stage();
      else this.#options.queue.request(this);
    }, retryMs).unref();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #stageSoon(): void {
    if (!this.#isDone) this.#timer ??= setTimeout(() => this.#stage(), delayMs);
  }

  /** Copies everything that is new into blocks, as far as there is memory. */
  #stage(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isReady || this.#isDone || this.#isClosing || this.#retryTimer !== undefined) return;
    const isAll = this.#stageAll();
    if (!this.#segment.isEmpty) this.#options.queue.request(this);
    else if (isAll) {
      this.#writtenRank = this.#rank;
      this.#endIfDone();
    }
  }

  #stageAll(): boolean {
    for (let batch = this.#nextBatch(); batch !== undefined; batch = this.#nextBatch()) {
      if (!this.#stageBatch(batch)) return false;
    }
    this.#dirty.clear();
    this.#rank = this.#options.supervisor.ranks.next;
    return true;
  }

  /** Returns false if this is not possible now. */
  #stageBatch(batch: Batch): boolean {
    const context = { processes: this.#processes.values(), ended: this.#ended, rank: this.#rank };
    const result = this.#segment.add(batch, context);
    if (result === "added") this.#take(batch);
    else if (result === "full") this.#options.slots.onFree(() => this.#stage());
    else {
      this.#isFailing = true;
      this.#retryLater();
      this.#notify();
    }
    return result === "added";
  }

  #nextBatch(): Batch | undefined {
    for (const output of this.#dirty) {
      const gap = output.cursor.takeGap();
      if (gap === undefined) continue;
      output.lineStart = gap.to;
      this.meter.lostBytes += gap.to - gap.from;
    }
    return nextBatch({
      dirty: this.#dirty,
      processes: this.#processes.values(),
      rank: this.#rank,
      nextRank: this.#options.supervisor.ranks.next,
      nowMs: Date.now(),
    });
  }

  #take(batch: Batch): void {
    markTaken(batch);
    for (const tracked of batch.exited) this.#leave(tracked);
    for (const output of this.#dirty) {
      const { ring, available } = output.cursor;
      if (available === 0 && (!ring.ended || output.hasEnded)) this.#dirty.delete(output);
    }
    this.#rank = batch.meta.to;
  }

  #leave({ process, outputs }: TrackedProcess): void {
    this.#processes.delete(process.id);
    for (const { cursor } of outputs) cursor.close();
    addToTotals(this.#ended, process);
  }

  /** Ends when everything is written that there will be. */
  #endIfDone(): void {
    const { supervisor, slots, queue } = this.#options;
    const isOver = supervisor.isRetired && this.#processes.size === 0;
    if (!isOver && this.#rank < (this.#closeRank ?? Infinity)) return;
    if (this.#isClosing || this.#segment.current === undefined || !supervisor.isRetired) {
      this.#end();
      return;
    }
    this.#isClosing = this.#segment.addEnd(this.#rank);
    if (this.#isClosing) queue.request(this);
    else slots.onFree(() => this.#endIfDone());
  }

  #end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    this.#unsubscribe();
    for (const { outputs } of this.#processes.values()) for (const { cursor } of outputs) cursor.close();
    this.#processes.clear();
    this.#dirty.clear();
    this.#options.queue.cancel(this);
    this.#notify();
    void this.#segment.close().finally(() => this.#done.resolve());
  }
}
