/** Fewer runs than this are always held; beyond it, one for each 16 bytes of the ring's capacity. */
const fewRuns = 1024;
const bytesPerRun = 16;

/**
 * The rank of each held byte of one output: its place in the order of arrival over all outputs of the template. Every
 * byte takes one rank, and so do spawns, exits and ends of outputs, so that a rank says what came before it in all
 * outputs at once.
 *
 * Bytes with consecutive ranks form a run. A run ends where something else arrived in between: an output that is alone
 * has one run however long it is. Ranks are exact for every byte, or the byte is not held: when there are too many runs
 * (short writes of several outputs that take turns), the bytes of the oldest run are given up with it.
 */
export class Order {
  readonly #maxRuns: number;
  #positions: number[] = [];
  #ranks: number[] = [];
  /** Those before it were dropped. */
  #first = 0;
  #nextRank = -1;

  /** `capacity` is the ring's, in bytes. */
  constructor(capacity: number) {
    this.#maxRuns = Math.max(fewRuns, Math.floor(capacity / bytesPerRun));
  }

  /** The position of the first byte whose rank is known. */
  get firstPosition(): number {
    return this.#positions[this.#first] ?? 0;
  }

  /** Positions and ranks never go back. */
  add(position: number, rank: number, length: number): void {
    const continues = rank === this.#nextRank;
    this.#nextRank = rank + length;
    if (continues) return;
    if (this.#positions.length - this.#first >= this.#maxRuns) this.#first += 1;
    this.#positions.push(position);
    this.#ranks.push(rank);
  }

  /** Forgets the runs that end at or before `position`. */
  dropBefore(position: number): void {
    while ((this.#positions[this.#first + 1] ?? Infinity) <= position) this.#first += 1;
    if (this.#first < fewRuns || this.#first < this.#positions.length / 2) return;
    this.#positions = this.#positions.slice(this.#first);
    this.#ranks = this.#ranks.slice(this.#first);
    this.#first = 0;
  }

  /** Whether a write may make the byte at `position` be given up, since there are too many runs. */
  isCrowding(position: number): boolean {
    const isFull = this.#positions.length - this.#first >= this.#maxRuns;
    return isFull && position < (this.#positions[this.#first + 1] ?? 0);
  }

  /** The rank of the byte at `position`, which must be at `firstPosition` or later. */
  rankAt(position: number): number {
    const run = this.#lastRun(this.#positions, position);
    return (this.#ranks[run] ?? 0) + position - (this.#positions[run] ?? 0);
  }

  /** Whether `countBefore` of this rank is exact. */
  knows(rank: number): boolean {
    return this.firstPosition === 0 || rank >= (this.#ranks[this.#first] ?? 0);
  }

  /** How many bytes of this output have a lower rank; `firstPosition` at least. May exceed the bytes written. */
  countBefore(rank: number): number {
    const run = this.#lastRun(this.#ranks, rank);
    const position = this.#positions[run];
    if (position === undefined || rank <= this.#ranks[run]!) return position ?? 0;
    return Math.min(position + rank - this.#ranks[run]!, this.#positions[run + 1] ?? Infinity);
  }

  /** The last run whose entry in `column` is not greater than `value`; the first when all are. */
  #lastRun(column: readonly number[], value: number): number {
    let high = column.length - 1;
    // Readers that keep up ask about the last run.
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
