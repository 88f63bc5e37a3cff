import { bootId } from "../boot.ts";
import { LifeBlocks } from "../journal/life-blocks.ts";
import type { Life, Segment } from "../journal/segments.ts";
import { LifeScan } from "./life-scan.ts";
import type { LogItem } from "./log-item.ts";
import { isEndOf, type LogRange, type SearchEnd } from "./log-range.ts";
import type { SearchedTemplate } from "./searched-template.ts";
import { searchTurn } from "./search-turns.ts";
import type { SearchStart } from "./search-start.ts";

export interface TemplateLinesOptions extends SearchedTemplate {
  /** Undefined to begin with what is written from now on. */
  readonly start: SearchStart | undefined;
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  /** Undefined to wait for more at the end. */
  readonly end: SearchEnd | undefined;
}

/** After a correction of the clock, a later block may have earlier times. */
const clockSlackMs = 60_000;

/** The items of one template on disk, oldest first. The caller must `close` it. */
export class TemplateLines {
  readonly #options: TemplateLinesOptions;
  #life: Pick<Life, "boot" | "serial"> | undefined;
  #blocks: LifeBlocks | undefined;
  #scan: LifeScan | undefined;
  #queue: LogItem[] = [];
  /** The block must be read again. */
  #isParked = false;
  #isOver = false;
  /** Of the last segment when the search began. */
  readonly #lastSequence: number;

  constructor(options: TemplateLinesOptions) {
    this.#options = options;
    const { start, kept } = options;
    this.#lastSequence = kept.segments.list.at(-1)?.sequence ?? 0;
    if (start !== undefined) this.#open(start);
  }

  get name(): string {
    return this.#options.scope.name;
  }

  /** The next item; undefined if there is none, or none yet. Its bytes are valid until the next call or `park`. */
  async next(): Promise<LogItem | undefined> {
    for (;;) {
      const queued = this.#queue.shift();
      if (queued !== undefined) return queued;
      if (this.#isOver || this.#options.signal.aborted) return undefined;
      if (this.#isParked) await this.#resume();
      if (this.#scan === undefined || this.#blocks === undefined) {
        if (!this.#openNext()) return undefined;
        continue;
      }
      while (this.#scan.isBusy) {
        await searchTurn();
        this.#scan.step();
      }
      const item = this.#scan.take();
      if (item !== undefined) return item;
      if (this.#scan.isBusy) continue;
      this.#queue.push(...this.#scan.takeLong());
      if (this.#queue.length > 0) continue;
      await searchTurn();
      if (!(await this.#loadNext(this.#scan, this.#blocks))) return undefined;
    }
  }

  /** Closes the file and frees memory until the next item is wanted. */
  async park(): Promise<void> {
    if (this.#isParked || this.#blocks === undefined) return;
    this.#scan?.park();
    this.#isParked = await this.#blocks.park();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#blocks?.close();
  }

  /** Returns false if there is nothing to read now. */
  async #loadNext(scan: LifeScan, blocks: LifeBlocks): Promise<boolean> {
    const block = await blocks.next();
    if (block === undefined) return await this.#leave(scan);
    const { untilMs = Infinity } = this.#options;
    const earliestMs = block.meta.outputs.reduce(
      (least, { times }) => Math.min(least, times[0]?.[1] ?? Infinity),
      Infinity,
    );
    const { end } = this.#options;
    if (end !== undefined && isEndOf(end, this.#life) && block.meta.from >= end.rank) return this.#finish(scan, end);
    if (earliestMs < Infinity && earliestMs > untilMs + clockSlackMs) {
      this.#isOver = true;
      return false;
    }
    scan.load(block, { reason: blocks.loss });
    return true;
  }

  /** The end of what is on disk of a boot. */
  async #leave(scan: LifeScan): Promise<boolean> {
    const { end } = this.#options;
    const next = this.#nextSegment();
    if (next !== undefined && !(end !== undefined && isEndOf(end, this.#life))) {
      this.#endLife(scan);
      await this.#blocks?.close();
      this.#open({ segment: next, after: undefined, lossBefore: "not_kept" });
      return true;
    }
    return end !== undefined && this.#finish(scan, end);
  }

  /** The last items of the search. */
  #finish(scan: LifeScan, { isNow, rank }: SearchEnd): boolean {
    if (isNow || scan.rank < rank) this.#endLife(scan);
    this.#isOver = true;
    return true;
  }

  /** Nothing more will be written of this boot. */
  #endLife(scan: LifeScan): void {
    this.#queue.push(...scan.takeUnfinished());
    // In this boot, the last block of a template whose `output_keep` was removed is not marked.
    const gap = scan.isClosed || this.#life?.boot === bootId ? undefined : scan.gapAtEnd();
    if (gap !== undefined) this.#queue.push(gap);
  }

  #open({ segment, after, lossBefore, isLossUnknown = false }: SearchStart): void {
    const { kept, scope, matcher, sinceMs, untilMs, log } = this.#options;
    this.#life = segment;
    this.#blocks = new LifeBlocks(kept.segments, segment, log);
    const { end } = this.#options;
    const beforeRank = end?.isNow === false && isEndOf(end, segment) ? end.rank : undefined;
    const range: LogRange = { after, beforeRank, sinceMs, untilMs };
    this.#scan = new LifeScan({ life: segment, scope, matcher, range, lossBefore, isLossUnknown });
  }

  /** Opens the first segment that appears. Returns false if there is none. */
  #openNext(): boolean {
    const { kept, start, end } = this.#options;
    if (start !== undefined || end !== undefined) return false;
    const segment = kept.segments.list.find(({ sequence }) => sequence > this.#lastSequence);
    if (segment === undefined) return false;
    this.#open({ segment, after: undefined, lossBefore: undefined });
    return true;
  }

  #nextSegment(): Segment | undefined {
    const { lives } = this.#options.kept.segments;
    const at = lives.findIndex(({ boot, serial }) => boot === this.#life?.boot && serial === this.#life.serial);
    return lives[at + 1]?.segments[0];
  }

  /** Reads the block again that was being searched. */
  async #resume(): Promise<void> {
    this.#isParked = false;
    const block = await this.#blocks?.next();
    if (block !== undefined) this.#scan?.resume(block);
    // It was deleted meanwhile because it was too old.
    else this.#queue.push(...(this.#scan?.abandon() ?? []));
  }
}
