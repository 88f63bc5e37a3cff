import { bootId } from "../boot.ts";
import { SegmentReader } from "../journal/segment-reader.ts";
import type { Segment } from "../journal/segments.ts";
import { messageOf } from "../reason.ts";
import { positionsOf } from "./block-parts.ts";
import { LifeScan } from "./life-scan.ts";
import { everyLine } from "./matching/line-matcher.ts";
import type { LogItem } from "./log-item.ts";
import { isEndOf, type SearchEnd } from "./log-range.ts";
import { searchTurn } from "./search-turns.ts";
import type { SearchedTemplate } from "./searched-template.ts";
import type { SearchStart } from "./search-start.ts";

export interface NewestLinesOptions extends SearchedTemplate {
  /** Where it stops; undefined for the first byte on disk. */
  readonly start: SearchStart | undefined;
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly end: SearchEnd;
  /** More lines are never wanted. */
  readonly limit: number;
}

/** The part of a segment that is searched at a time, in bytes. It grows while few lines match. */
const [smallestStep, largestStep] = [1024 * 1024, 32 * 1024 * 1024];
/** The most bytes of lines that are held. */
const maxHeldBytes = 1024 * 1024;

/**
 * The items of one template on disk, newest first. Segments are read from the newest to the oldest. Because a segment can only
 * be read forwards, a part of it at its end is searched, then the part before. The items of one part are held.
 */
export class NewestLines {
  readonly #options: NewestLinesOptions;
  readonly #segments: Segment[];
  #items: LogItem[] = [];
  #stepBytes = smallestStep;
  #limit: number;
  /** The end of what was not searched yet of the last segment. */
  #to = Infinity;
  /** The segment after it, with the positions at its beginning; undefined if none was searched. */
  #newer: { readonly segment: Segment; readonly positions: ReadonlyMap<string, number> } | undefined;

  constructor(options: NewestLinesOptions) {
    this.#options = options;
    this.#limit = options.limit;
    const { list } = options.kept.segments;
    const first = options.start === undefined ? 0 : Math.max(0, list.indexOf(options.start.segment));
    const last = list.findLastIndex((segment) => isEndOf(options.end, segment));
    this.#segments = list.slice(first, last + 1);
    while ((this.#segments.at(-1)?.rank ?? -1) >= options.end.rank) this.#segments.pop();
  }

  get name(): string {
    return this.#options.scope.name;
  }

  /** The next older item; undefined if there is none. */
  async next(): Promise<LogItem | undefined> {
    for (;;) {
      const item = this.#items.pop();
      if (item?.kind === "line") this.#limit -= 1;
      if (item !== undefined) return item;
      const segment = this.#segments.at(-1);
      if (segment === undefined || this.#options.signal.aborted || this.#limit <= 0) return undefined;
      await this.#search(segment);
    }
  }

  /** Holds only what it needs. */
  async park(): Promise<void> {}

  async close(): Promise<void> {
    this.#items = [];
  }

  /** Searches the part before the one that was searched last. */
  async #search(segment: Segment): Promise<void> {
    for (;;) {
      const to = Math.min(this.#to, segment.size);
      const from = Math.max(0, to - this.#stepBytes);
      const part = new Held(this.#limit);
      let isWhole: boolean;
      try {
        isWhole = await this.#searchPart(segment, part, { from, to });
      } catch (error) {
        const isDeleted = (error as NodeJS.ErrnoException).code === "ENOENT";
        if (!isDeleted) this.#options.log.error(messageOf(error));
        this.#leave();
        return;
      }
      if (!isWhole && this.#stepBytes > smallestStep) {
        this.#stepBytes /= 4;
        continue;
      }
      this.#items = part.items;
      if (part.lines < this.#limit / 4) this.#stepBytes = Math.min(largestStep, this.#stepBytes * 4);
      if (from === 0) this.#leave();
      else this.#to = from;
      return;
    }
  }

  #leave(): void {
    this.#segments.pop();
    this.#to = Infinity;
  }

  /** Searches the blocks that begin in a part of a segment. Returns false if its lines are too many to hold. */
  async #searchPart(segment: Segment, held: Held, { from, to }: { from: number; to: number }): Promise<boolean> {
    const size = segment.size;
    const isLastPart = to === size;
    const reader = new SegmentReader({ path: segment.path, limit: () => size });
    const scan = this.#openScan(segment);
    const { end, signal } = this.#options;
    let first: ReadonlyMap<string, number> | undefined;
    try {
      for (;;) {
        const block = signal.aborted ? undefined : await reader.next();
        if (block === undefined || reader.offset >= to) break;
        if (isEndOf(end, segment) && block.meta.from >= end.rank) break;
        first ??= positionsOf(block.meta);
        scan.load(block, { isSkipped: reader.offset < from });
        if (reader.offset < from) {
          await searchTurn();
          scan.takeLong();
          continue;
        }
        for (;;) {
          await searchTurn();
          while (scan.isBusy) {
            await searchTurn();
            scan.step();
          }
          const item = scan.take();
          if (item !== undefined) held.add(item);
          else if (!scan.isBusy) break;
          if (held.bytes > maxHeldBytes && this.#stepBytes > smallestStep) return false;
        }
        for (const line of scan.takeLong()) held.add(line);
      }
    } finally {
      await reader.close();
    }
    if (isLastPart) for (const item of this.#lastItems(segment, scan)) held.add(item);
    if (from === 0 && first !== undefined) this.#newer = { segment, positions: first };
    return true;
  }

  #openScan(segment: Segment): LifeScan {
    const { scope, matcher, start, sinceMs, untilMs, end, kept } = this.#options;
    const isFirst = segment === this.#segments[0];
    const after = start?.after?.serial === segment.serial && (start.after.boot ?? bootId) === segment.boot;
    const range = {
      after: after ? start?.after : undefined,
      beforeRank: !end.isNow && isEndOf(end, segment) ? end.rank : undefined,
      sinceMs,
      untilMs,
    };
    const isOfNewLife = kept.segments.lives.some(({ segments }) => segments[0] === segment);
    const lossBefore = isFirst ? start?.lossBefore : isOfNewLife ? ("not_kept" as const) : undefined;
    const isAnyWanted = matcher === everyLine && untilMs === undefined && range.beforeRank === undefined;
    return new LifeScan({
      life: segment,
      scope,
      matcher,
      range,
      lossBefore,
      isLossUnknown: start?.isLossUnknown ?? false,
      ...(isAnyWanted && { lastLines: this.#limit }),
    });
  }

  /** What is at the end of a segment and not at the beginning of the next one. */
  #lastItems(segment: Segment, scan: LifeScan): LogItem[] {
    const { end } = this.#options;
    const newer = this.#newer;
    if (newer !== undefined && newer.segment.boot === segment.boot && newer.segment.serial === segment.serial) {
      return scan.takeBefore(newer.positions);
    }
    if (newer === undefined && !end.isNow && scan.rank >= end.rank) return [];
    const lines = scan.takeUnfinished();
    const gap = scan.isClosed || segment.boot === bootId ? undefined : scan.gapAtEnd();
    return gap === undefined ? lines : [...lines, gap];
  }
}

/** The newest items, at most as many lines as are wanted. */
class Held {
  readonly #limit: number;
  items: LogItem[] = [];
  lines = 0;
  bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(item: LogItem): void {
    if (item.kind === "gap") {
      this.items.push(item);
      return;
    }
    this.items.push({ ...item, bytes: Buffer.from(item.bytes) });
    this.lines += 1;
    this.bytes += item.bytes.length;
    if (this.lines > 2 * this.#limit + 1000) this.#drop();
  }

  /** Drops items that are older than the wanted ones. */
  #drop(): void {
    let at = this.items.length;
    for (let wanted = this.#limit; wanted > 0 && at > 0;) if (this.items[--at]?.kind === "line") wanted -= 1;
    this.items = this.items.slice(at);
    const lines = this.items.filter((item) => item.kind === "line");
    this.lines = lines.length;
    this.bytes = lines.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}
