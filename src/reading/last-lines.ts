import type { Ring } from "../output/ring.ts";

/** From here, a reader gets the last lines: `StreamPosition` describes both ranks. */
export interface LastLinesRanks {
  readonly order: number;
  readonly floor: number;
}

/** A step looks at no more bytes than this. */
const stepBytes = 16 * 1024;

interface SearchedRing {
  readonly ring: Ring;
  /** The head when the search began. */
  readonly head: number;
  /** The rank of the end of a last line without a newline; undefined if there is none. */
  readonly unfinishedRank: number | undefined;
}

/**
 * Searches for the ranks from which a reader gets the last `count` lines of all rings, in the order of their ends. Of an
 * unfinished line that is not among them, the part that arrived before the first of them began is skipped.
 *
 * The search counts newlines backwards, in windows of ranks: every byte has a rank of its own, so a window has a limited
 * number of bytes, however many rings there are, and no list of lines is needed. What is written meanwhile does not count.
 */
export class LastLines {
  readonly #rings: readonly SearchedRing[];
  readonly #count: number;
  /** Lines whose ends have this rank or a higher one are counted. */
  #rank: number;
  #counted = 0;
  /** The rank of the end of the oldest line that is wanted; undefined until it is found. */
  #order: number | undefined;
  #floor = Infinity;
  #hasOlderLines = false;
  /** The ring in which the search for the first line goes on, and how far it has come. */
  #ringIndex = 0;
  #position: number | undefined;

  /** `count` is 1 or more; `nextRank` is the rank of the next byte of any ring. */
  constructor(rings: readonly Ring[], count: number, nextRank: number) {
    this.#rings = rings.filter(({ head, oldest }) => head > oldest).map(toSearched);
    this.#count = count;
    this.#rank = nextRank;
  }

  /** Continues the search, for less than a millisecond. Returns false when `ranks` is known. */
  step(): boolean {
    if (this.#order === undefined) this.#countWindow();
    else this.#findLineStart(this.#order);
    return this.#ringIndex < this.#rings.length;
  }

  /** All that is held if there are no more than `count` lines. */
  get ranks(): LastLinesRanks {
    return this.#hasOlderLines ? { order: this.#order ?? 0, floor: this.#floor } : { order: 0, floor: 0 };
  }

  #countWindow(): void {
    const end = this.#endOfOlder();
    if (end === 0) {
      this.#ringIndex = this.#rings.length;
      return;
    }
    const begin = Math.max(0, end - stepBytes);
    let inWindow = 0;
    this.#eachLineEnd(begin, end, () => (inWindow += 1));
    if (this.#counted + inWindow >= this.#count)
      this.#order = this.#rankOfNewest(begin, end, this.#count - this.#counted);
    this.#counted += inWindow;
    this.#rank = begin;
  }

  /** The rank after the newest line end or byte below `#rank`; 0 if there is none. Skips ranks of which nothing is held. */
  #endOfOlder(): number {
    let end = 0;
    for (const { ring, unfinishedRank = Infinity } of this.#rings) {
      const before = ring.countBefore(this.#rank);
      if (before > ring.oldest) end = Math.max(end, ring.order.rankAt(before - 1) + 1);
      if (unfinishedRank < this.#rank) end = Math.max(end, unfinishedRank + 1);
    }
    return end;
  }

  #eachLineEnd(
    begin: number,
    end: number,
    found: (ring: Ring, position: number | undefined, rank: number) => void,
  ): void {
    for (const { ring, unfinishedRank = Infinity } of this.#rings) {
      if (unfinishedRank >= begin && unfinishedRank < end) found(ring, undefined, unfinishedRank);
      const to = ring.countBefore(end);
      for (let from = Math.max(ring.oldest, ring.countBefore(begin)); from < to;) {
        const part = ring.view(from, to);
        for (let index = 0; index < part.length; index++) if (part[index] === newline) found(ring, from + index, -1);
        from += part.length;
      }
    }
  }

  /** The rank of the line end that is the `wanted`-th newest one in a window. */
  #rankOfNewest(begin: number, end: number, wanted: number): number {
    const ranks: number[] = [];
    this.#eachLineEnd(begin, end, (ring, position, rank) =>
      ranks.push(position === undefined ? rank : ring.order.rankAt(position)),
    );
    const sorted = Float64Array.from(ranks).toSorted();
    return sorted[sorted.length - wanted] ?? begin;
  }

  /** Finds where the oldest wanted line of a ring begins. */
  #findLineStart(order: number): void {
    const { ring, head, unfinishedRank = -1 } = this.#rings[this.#ringIndex]!;
    const first = Math.min(head, ring.countBefore(order));
    if (first === head && unfinishedRank < order) {
      this.#hasOlderLines = true;
      this.#nextRing();
      return;
    }
    const to = Math.max(ring.oldest, this.#position ?? first);
    const from = Math.max(ring.oldest, to - stepBytes);
    const start = ring.lineEndBefore(from, to) ?? (from === ring.oldest ? from : undefined);
    if (start === undefined) {
      this.#position = from;
      return;
    }
    if (start > ring.oldest) this.#hasOlderLines = true;
    if (start < ring.head) this.#floor = Math.min(this.#floor, ring.order.rankAt(start));
    this.#nextRing();
  }

  #nextRing(): void {
    this.#ringIndex += 1;
    this.#position = undefined;
  }
}

function toSearched(ring: Ring): SearchedRing {
  const { head } = ring;
  const isUnfinished = ring.byteAt(head - 1) !== newline;
  const unfinishedRank = !isUnfinished ? undefined : ring.ended ? ring.endRank : ring.order.rankAt(head - 1);
  return { ring, head, unfinishedRank };
}

const newline = 10;
