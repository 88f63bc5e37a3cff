import type { Moment } from "../moment.ts";

/** Arrivals closer than this share an entry. */
const coalesceMs = 10;
const maxEntries = 1024;

/**
 * When bytes came: a bounded index over one ring's positions, each entry the start of some bytes and their moment. When it
 * is full, older entries are thinned: times grow coarser with age.
 */
export class Arrivals {
  #positions: number[] = [];
  /** On the steady clock. */
  #steadyMs: number[] = [];
  #unixMs: number[] = [];

  /** Positions and the steady clock never go back. */
  add(position: number, { steadyMs, unixMs }: Moment): void {
    const last = this.#positions.length - 1;
    if (isSoonAfter(steadyMs, this.#steadyMs[last]) && isSoonAfter(unixMs, this.#unixMs[last])) return;
    if (last + 1 === maxEntries) this.#thin();
    this.#positions.push(position);
    this.#steadyMs.push(steadyMs);
    this.#unixMs.push(unixMs);
  }

  /** Forgets what starts and ends before `position`. */
  dropBefore(position: number): void {
    const keep = this.#entryAt(position);
    if (keep < maxEntries / 4) return;
    for (const column of [this.#positions, this.#steadyMs, this.#unixMs]) column.splice(0, keep);
  }

  /**
   * The first position whose byte came then, on the steady clock, or later; undefined when none did. It may be early,
   * never late.
   */
  positionSince(steadyMs: number): number | undefined {
    const index = firstIndex(this.#steadyMs, (entryMs) => entryMs > steadyMs - coalesceMs);
    return this.#positions[index];
  }

  /** Where the first run of bytes starts that lies wholly after `position`, undefined when there is none. */
  nextAfter(position: number): number | undefined {
    return this.#positions[firstIndex(this.#positions, (start) => start > position)];
  }

  /** The Unix time, in milliseconds, when the byte at `position` came, to some 10 ms; 0 when nothing is known. */
  unixMsAt(position: number): number {
    return this.#unixMs[this.#entryAt(position)] ?? 0;
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

/** Not where a clock was set in between. */
function isSoonAfter(ms: number, beforeMs: number | undefined): boolean {
  return beforeMs !== undefined && ms >= beforeMs && ms - beforeMs < coalesceMs;
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
