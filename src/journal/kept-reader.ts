import { bootId } from "../boot.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { OutputItems, ReaderCallbacks } from "../reading/output-items.ts";
import { type OutputItem, OutputReader, type OutputReaderOptions } from "../reading/output-reader.ts";
import type { OutputGap, OutputSource } from "../reading/output-source.ts";
import type { OutputStart } from "../reading/output-start.ts";
import type { StreamPosition } from "../reading/stream-position.ts";
import { WaitingReader } from "../reading/waiting-reader.ts";
import type { Block } from "./block.ts";
import type { KeptOutput } from "./journal.ts";
import { hasLoss, type LifeReplay, openLife } from "./life-replay.ts";
import type { Life } from "./segments.ts";

/** Where a reader starts on disk. */
export interface KeptStart {
  readonly life: Life;
  readonly start: OutputStart;
  /** See `LifeReplayOptions`. */
  readonly rank: number;
  /** True if an unknown number of bytes before it is lost. */
  readonly isAfterLoss: boolean;
}

export interface KeptReaderOptions {
  readonly name: string;
  readonly kept: KeptOutput;
  readonly start: KeptStart;
  /** The template or process that exists now; undefined to end after what is on disk. */
  readonly live: OutputSource | undefined;
  readonly readerOptions: Omit<OutputReaderOptions, "start" | "onReady" | "onCutOff">;
  readonly log: Logger;
}

/** Less than any `lossless_timeout` that makes sense. */
const renewMs = 200;
/** Blocks that are read ahead, in bytes of data. */
const aheadBytes = 1024 * 1024;

/**
 * Reads output from disk, boot by boot, and then from the buffers, as one sequence. It moves to the buffers as soon as they have
 * everything that it has not read, by the position that both share, so that no byte is read twice or missed.
 */
export class KeptReader implements OutputItems {
  readonly #options: KeptReaderOptions;
  #callbacks: ReaderCallbacks = { onReady() {} };
  #replay: LifeReplay | undefined;
  #live: OutputReader | undefined;
  #blocks: Block[] = [];
  #gaps: OutputGap[] = [];
  /** A step runs in the background. */
  #isBusy = false;
  /** There was no further block at the last attempt. */
  #isAtEnd = false;
  /** Unfinished lines are read too, because bytes are missing after them. */
  #isDraining = false;
  #isOver = false;
  #isClosed = false;
  #stopWaiting: (() => void) | undefined;
  /** Lets the processes wait for a lossless reader until it reads from the buffers. */
  #waiting: WaitingReader | undefined;
  #renewedMs = 0;

  private constructor(options: KeptReaderOptions) {
    this.#options = options;
  }

  /** Opens a reader. Call `attach` before the first `next`. Throws `bad_value` like `OutputReader`. */
  static async open(options: KeptReaderOptions): Promise<KeptReader> {
    const reader = new KeptReader(options);
    const { life, start, rank, isAfterLoss } = options.start;
    await reader.#open(life, start, rank);
    if (isAfterLoss) reader.#gaps.push({});
    return reader;
  }

  attach(callbacks: ReaderCallbacks): this {
    const { live: source, readerOptions, start } = this.#options;
    this.#callbacks = callbacks;
    if (!readerOptions.lossless || source === undefined) return this;
    this.#waiting = new WaitingReader({
      source,
      label: readerOptions.label,
      start: start.start.kind === "resume" ? start.start : { kind: "held" },
      onCutOff: () => this.#callbacks.onCutOff?.(),
    });
    return this;
  }

  get ended(): boolean {
    return this.#live?.ended ?? this.#isOver;
  }

  get isBehind(): boolean {
    return this.#gaps.length > 0 || (this.#live ?? this.#replay?.reader)?.isBehind === true;
  }

  get isLoading(): boolean {
    return this.#live === undefined && !this.#isOver;
  }

  get dueMs(): number | undefined {
    return this.#live?.dueMs;
  }

  position(): StreamPosition {
    const reader = this.#live ?? this.#replay?.reader;
    if (reader === undefined) throw new Error("the reader of kept output is not open");
    return reader.position();
  }

  next(maxBytes: number, nowMs: number): OutputItem | undefined {
    for (;;) {
      const gap = this.#gaps.shift();
      if (gap !== undefined) return { kind: "gap", ...gap };
      if (this.#live !== undefined) return this.#live.next(maxBytes, nowMs);
      if (this.#replay === undefined || this.#isOver) return undefined;
      const item = this.#replay.reader.next(maxBytes, this.#isDraining ? Infinity : -Infinity);
      if (item !== undefined) {
        this.#renew();
        return item;
      }
      if (!this.#advance(this.#replay)) return undefined;
    }
  }

  unread(to: number): void {
    (this.#live ?? this.#replay?.reader)?.unread(to);
  }

  takeGaps(): OutputGap[] {
    return [...this.#gaps.splice(0), ...((this.#live ?? this.#replay?.reader)?.takeGaps() ?? [])];
  }

  release(): void {
    this.#live?.release();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaiting?.();
    this.#waiting?.close();
    this.#live?.close();
    this.#closeReplay();
  }

  /** Everything was read: continues with the next block. Returns false if there is nothing to read now. */
  #advance(replay: LifeReplay): boolean {
    replay.source.prune();
    const block = this.#blocks[0];
    if (block !== undefined) {
      if (replay.source.skips(block) && !this.#isDraining) return (this.#isDraining = true);
      this.#isDraining = false;
      this.#blocks.shift();
      replay.source.apply(block);
      return true;
    }
    if (!this.#isAtEnd) {
      this.#load(replay);
      return false;
    }
    this.#isAtEnd = false;
    return this.#isCurrent(replay.life) ? this.#continueLive(replay) : this.#leaveLife(replay);
  }

  #load(replay: LifeReplay): void {
    this.#run(async () => {
      let bytes = 0;
      while (bytes < aheadBytes) {
        const block = await replay.blocks.next();
        if (block === undefined) break;
        this.#blocks.push(block);
        bytes += block.data.length + 1024;
      }
      this.#isAtEnd = bytes === 0;
    });
  }

  /** The end of what is on disk of the template that exists now. */
  #continueLive(replay: LifeReplay): boolean {
    const { live, kept } = this.#options;
    if (live === undefined) return this.#waitForMore(replay);
    const start: OutputStart = { kind: "resume", position: replay.reader.position() };
    const { writer } = kept;
    const mayFollow = writer !== undefined && !writer.isDone;
    // The buffers may have dropped what the next block will have.
    if (mayFollow && hasLoss(live, start, this.#options.readerOptions.label)) return this.#waitForMore(replay);
    this.#goLive(live, start);
    return true;
  }

  #waitForMore(replay: LifeReplay): boolean {
    const { writer } = this.#options.kept;
    if (writer === undefined || writer.isDone) {
      this.#isOver = true;
      return false;
    }
    if (writer.rank > replay.source.ranks.next) {
      this.#load(replay);
      return false;
    }
    this.#stopWaiting ??= writer.onWritten(() => {
      this.#stopWaiting?.();
      this.#stopWaiting = undefined;
      this.#callbacks.onReady();
    });
    return false;
  }

  /** The end of an earlier boot. */
  #leaveLife(replay: LifeReplay): boolean {
    if (!this.#isDraining) return (this.#isAtEnd = this.#isDraining = true);
    this.#isDraining = false;
    const { live, kept } = this.#options;
    const { isClosed } = replay.source;
    const { lives } = kept.segments;
    const at = lives.findIndex(({ boot, serial }) => boot === replay.life.boot && serial === replay.life.serial);
    const next = lives[at + 1];
    if (next === undefined) {
      if (live === undefined) this.#isOver = true;
      else this.#goLive(live, { kind: isClosed && !hasLostAny(live) ? "held" : "restart" });
      return live !== undefined;
    }
    this.#run(async () => {
      await this.#open(next, { kind: "held" }, 0);
      if (!isClosed) this.#gaps.push({});
      const bytes = this.#replay?.source.missing(this.#options.readerOptions.label) ?? 0;
      if (bytes > 0) this.#gaps.push({ bytes });
    });
    return false;
  }

  async #open(life: Life, start: OutputStart, rank: number): Promise<void> {
    const { name, kept, readerOptions, live, log } = this.#options;
    const { segments } = kept;
    const replay = await openLife({
      name,
      segments,
      life,
      processId: live?.processId,
      start,
      rank,
      readerOptions: { ...readerOptions, lossless: false, holdsTaken: false, onReady: () => {} },
      log,
    });
    this.#closeReplay();
    this.#replay = replay;
    if (replay === undefined) this.#isOver = true;
    else if (this.#isClosed) this.#closeReplay();
  }

  #goLive(live: OutputSource, start: OutputStart): void {
    const { onReady, onCutOff } = this.#callbacks;
    const callbacks = { onReady, ...(onCutOff !== undefined && { onCutOff }) };
    this.#live = new OutputReader(live, { ...this.#options.readerOptions, ...callbacks, start });
    this.#waiting?.close();
    this.#closeReplay();
  }

  /** It has read: the processes may wait longer. */
  #renew(): void {
    const nowMs = performance.now();
    if (this.#waiting === undefined || nowMs - this.#renewedMs < renewMs) return;
    this.#renewedMs = nowMs;
    this.#waiting.renew();
  }

  #closeReplay(): void {
    this.#replay?.reader.close();
    void this.#replay?.blocks.close();
    this.#replay = undefined;
    this.#blocks = [];
  }

  #isCurrent({ boot, serial }: Life): boolean {
    const { live, kept } = this.#options;
    return boot === bootId && (serial === live?.ranks.serial || serial === kept.writer?.serial);
  }

  /** Runs one step in the background, then wakes the owner. */
  #run(step: () => Promise<void>): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    void step()
      .catch((error: unknown) => {
        this.#options.log.error(`cannot read kept output of ${this.#options.name}: ${messageOf(error)}`, error);
        this.#isOver = true;
      })
      .then(() => {
        this.#isBusy = false;
        if (!this.#isClosed) this.#callbacks.onReady();
      });
  }
}

function hasLostAny(source: OutputSource): boolean {
  return (
    source.dropped.count > 0 || source.processes().some(({ rings }) => rings.values().some(({ oldest }) => oldest > 0))
  );
}
