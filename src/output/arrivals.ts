/** Arrivals closer than this share an entry. */
const coalesceMs = 10;
const maxEntries = 1024;

/**
 * When bytes came: a bounded index over one ring's positions, each entry the start of some bytes and their time. When it
 * is full, older entries are thinned: times grow coarser with age.
 */
export class Arrivals {
  #positions: number[] = [];
  #timesMs: number[] = [];

  /** Positions and times never go back. */
  add(position: number, timeMs: number): void {
    const last = this.#positions.length - 1;
    if (last >= 0 && timeMs - this.#timesMs[last]! < coalesceMs) return;
    if (last + 1 === maxEntries) this.#thin();
    this.#positions.push(position);
    this.#timesMs.push(timeMs);
  }

  /** Forgets what starts and ends before `position`. */
  dropBefore(position: number): void {
    const keep = this.#entryAt(position);
    if (keep < maxEntries / 4) return;
    for (const column of [this.#positions, this.#timesMs]) column.splice(0, keep);
  }

  /** The first position whose byte came at `timeMs` or later, undefined when none did; may be early, never late. */
  positionSince(timeMs: number): number | undefined {
    const index = firstIndex(this.#timesMs, (entryMs) => entryMs > timeMs - coalesceMs);
    return this.#positions[index];
  }

  /** Where the first run of bytes starts that lies wholly after `position`, undefined when there is none. */
  nextAfter(position: number): number | undefined {
    return this.#positions[firstIndex(this.#positions, (start) => start > position)];
  }

  /** Unix milliseconds at which the byte at `position` came, to some 10 ms; 0 when nothing is known. */
  timeAt(position: number): number {
    return this.#timesMs[this.#entryAt(position)] ?? 0;
  }

  #entryAt(position: number): number {
    return Math.max(0, firstIndex(this.#positions, (start) => start > position) - 1);
  }

  #thin(): void {
    const half = maxEntries / 2;
    const stays = (_: number, index: number) => index >= half || index % 2 === 0;
    this.#positions = this.#positions.filter(stays);
    this.#timesMs = this.#timesMs.filter(stays);
  }
}

/** Binary search in an ascending column; `column.length` when no entry is as wanted. */
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
