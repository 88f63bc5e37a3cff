/** The maximum number of runs is one per 16 bytes of the capacity of the ring, and at least this many. */
const minMaxRuns = 1024;
const bytesPerRun = 16;

/**
 * The rank of each byte in one ring: its position in the order of arrival over all outputs of the template. Every byte has
 * a rank of its own, and so has every spawn, exit and end of an output. A rank therefore tells what arrived before it in all
 * outputs.
 *
 * Bytes with consecutive ranks form a run. A run ends where something else arrived in between; a single output is one run,
 * however long it is. The rank of every byte in the ring is exact: if there are too many runs (short, alternating writes of
 * several outputs), the oldest run is dropped together with its bytes.
 */
export class Order {
  readonly #maxRuns: number;
  #positions: number[] = [];
  #ranks: number[] = [];
  /** The index of the first run that was not dropped. */
  #first = 0;
  #nextRank = -1;

  /** `capacity` is the capacity of the ring, in bytes. */
  constructor(capacity: number) {
    this.#maxRuns = Math.max(minMaxRuns, Math.floor(capacity / bytesPerRun));
  }

  /** The position of the first byte whose rank is known. */
  get firstKnownPosition(): number {
    return this.#positions[this.#first] ?? 0;
  }

  /** Neither `position` nor `rank` may be lower than in the last call. */
  add(position: number, rank: number, length: number): void {
    const continues = rank === this.#nextRank;
    this.#nextRank = rank + length;
    if (continues) return;
    if (this.#positions.length - this.#first >= this.#maxRuns) this.#first += 1;
    this.#positions.push(position);
    this.#ranks.push(rank);
  }

  /** Drops the runs that end at or before `position`. */
  dropBefore(position: number): void {
    while ((this.#positions[this.#first + 1] ?? Infinity) <= position) this.#first += 1;
    if (this.#first < minMaxRuns || this.#first < this.#positions.length / 2) return;
    this.#positions = this.#positions.slice(this.#first);
    this.#ranks = this.#ranks.slice(this.#first);
    this.#first = 0;
  }

  /** Whether the next write may drop the byte at `position` because there are too many runs. */
  mayDropOnWrite(position: number): boolean {
    const isFull = this.#positions.length - this.#first >= this.#maxRuns;
    return isFull && position < (this.#positions[this.#first + 1] ?? 0);
  }

  /** The rank of the byte at `position`, which must not be before `firstKnownPosition`. */
  rankAt(position: number): number {
    const run = this.#lastRun(this.#positions, position);
    return (this.#ranks[run] ?? 0) + position - (this.#positions[run] ?? 0);
  }

  /**
   * The positions where a rank does not follow that of the byte before, in `from`…`to`, with their ranks. The first is `from`.
   */
  runs(from: number, to: number): [position: number, rank: number][] {
    const runs: [number, number][] = [];
    for (let run = this.#lastRun(this.#positions, from); run < this.#positions.length; run++) {
      const position = Math.max(from, this.#positions[run]!);
      if (position >= to) break;
      runs.push([position, this.#ranks[run]! + position - this.#positions[run]!]);
    }
    return runs;
  }

  /** Whether `countBefore` is exact for this rank. */
  covers(rank: number): boolean {
    return this.firstKnownPosition === 0 || rank >= (this.#ranks[this.#first] ?? 0);
  }

  /** The number of bytes of this output with a lower rank, at least `firstKnownPosition`. May exceed the bytes written. */
  countBefore(rank: number): number {
    const run = this.#lastRun(this.#ranks, rank);
    const position = this.#positions[run];
    if (position === undefined || rank <= this.#ranks[run]!) return position ?? 0;
    return Math.min(position + rank - this.#ranks[run]!, this.#positions[run + 1] ?? Infinity);
  }

  /** The last run whose entry in `column` is at most `value`; the first run if there is none. */
  #lastRun(column: readonly number[], value: number): number {
    let high = column.length - 1;
    // Fast path: readers that keep up need the last run.
    if (value >= (column[high] ?? Infinity)) return high;
    let low = this.#first;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (column[middle]! <= value) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
