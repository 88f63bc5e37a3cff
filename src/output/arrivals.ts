import type { Moment } from "../moment.ts";

/** Bytes that arrive closer together than this share an entry. */
const coalesceMs = 10;
const maxEntries = 1024;

/**
 * The arrival times of the bytes in one ring. Each entry has the position of a first byte and the moment it arrived. The
 * number of entries is limited: if the index is full, every second one of the older entries is removed, so that older times
 * are less precise.
 */
export class Arrivals {
  #positions: number[] = [];
  /** Times on the steady clock. */
  #steadyMs: number[] = [];
  #unixMs: number[] = [];

  /** Neither `position` nor `steadyMs` may be lower than in the last call. */
  add(position: number, { steadyMs, unixMs }: Moment): void {
    const last = this.#positions.length - 1;
    if (isSoonAfter(steadyMs, this.#steadyMs[last]) && isSoonAfter(unixMs, this.#unixMs[last])) return;
    if (last + 1 === maxEntries) this.#thin();
    this.#positions.push(position);
    this.#steadyMs.push(steadyMs);
    this.#unixMs.push(unixMs);
  }

  /** Removes entries that are wholly before `position`, when there are enough of them. */
  dropBefore(position: number): void {
    const keep = this.#entryAt(position);
    if (keep < maxEntries / 4) return;
    for (const column of [this.#positions, this.#steadyMs, this.#unixMs]) column.splice(0, keep);
  }

  /**
   * The position of the first byte that arrived at `steadyMs` or later, on the steady clock; undefined if there is none. The
   * position may be too low, never too high.
   */
  positionSince(steadyMs: number): number | undefined {
    const index = firstIndex(this.#steadyMs, (entryMs) => entryMs > steadyMs - coalesceMs);
    return this.#positions[index];
  }

  /** The position of the first entry after `position`; undefined if there is none. */
  nextAfter(position: number): number | undefined {
    return this.#positions[firstIndex(this.#positions, (start) => start > position)];
  }

  /** When the byte at `position` arrived: Unix ms, exact to about 10 ms; 0 if unknown. */
  unixMsAt(position: number): number {
    return this.#unixMs[this.#entryAt(position)] ?? 0;
  }

  /** The positions in `from`…`to` where another time begins, with their Unix times in ms. The first is `from`. */
  times(from: number, to: number): [position: number, unixMs: number][] {
    const times: [number, number][] = [];
    for (let entry = this.#entryAt(from); entry < this.#positions.length; entry++) {
      const position = Math.max(from, this.#positions[entry]!);
      if (position >= to) break;
      times.push([position, this.#unixMs[entry]!]);
    }
    return times;
  }

  #entryAt(position: number): number {
    return Math.max(0, firstIndex(this.#positions, (start) => start > position) - 1);
  }

  #thin(): void {
    const half = maxEntries / 2;
    const stays = (_: number, index: number) => index >= half || index % 2 === 0;
    this.#positions = this.#positions.filter(stays);
    this.#steadyMs = this.#steadyMs.filter(stays);
    this.#unixMs = this.#unixMs.filter(stays);
  }
}

/** False if the clock was set back in between. */
function isSoonAfter(ms: number, beforeMs: number | undefined): boolean {
  return beforeMs !== undefined && ms >= beforeMs && ms - beforeMs < coalesceMs;
}

/** Binary search in an ascending column. Returns `column.length` if no entry is wanted. */
function firstIndex(column: readonly number[], isWanted: (entry: number) => boolean): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isWanted(column[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
