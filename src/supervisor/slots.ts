import { type ExitRow, noExitRow } from "./backoff.ts";

/**
 * The slots of a template: 0, 1, 2 … A slot is taken by a process, or it stays empty until a known time, or for good.
 * Owns one timer while a slot waits.
 */
export class Slots {
  readonly #onDue: () => void;
  readonly #taken = new Set<number>();
  /** No slot below this is free. */
  #lowest = 0;
  /** When each of them may be filled: Unix ms. */
  readonly #waiting = new Map<number, number>();
  readonly #ended: number[] = [];
  readonly #rows = new Map<number, ExitRow>();
  #timer: NodeJS.Timeout | undefined;
  #nextAtMs = Infinity;

  /** Calls `onDue` when a slot has waited long enough and is free. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** How many wait to be filled. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** When the first of them may be filled (Unix ms); undefined when none waits. */
  get nextAtMs(): number | undefined {
    return this.#waiting.size === 0 ? undefined : this.#nextAtMs;
  }

  /** Takes the lowest that is free. */
  take(): number {
    while (this.#taken.has(this.#lowest)) this.#lowest += 1;
    this.#taken.add(this.#lowest);
    return this.#lowest;
  }

  free(slot: number): void {
    this.#taken.delete(slot);
    this.#lowest = Math.min(this.#lowest, slot);
  }

  /** Keeps a slot that was taken empty for so long. */
  wait(slot: number, delayMs: number): void {
    const atMs = Date.now() + delayMs;
    this.#waiting.set(slot, atMs);
    if (atMs < this.#nextAtMs) this.#arm(atMs, delayMs);
  }

  /** Keeps a slot that was taken empty until `reset`. */
  end(slot: number): void {
    this.#ended.push(slot);
  }

  /** Frees so many of those that wait, the highest first, and returns them. */
  cancelWaits(count = Infinity): number[] {
    const slots = [...this.#waiting.keys()].toSorted((a, b) => b - a).slice(0, count);
    for (const slot of slots) {
      this.#waiting.delete(slot);
      this.free(slot);
    }
    if (this.#waiting.size === 0) this.#disarm();
    return slots;
  }

  row(slot: number): ExitRow {
    return this.#rows.get(slot) ?? noExitRow;
  }

  setRow(slot: number, row: ExitRow): void {
    this.#rows.set(slot, row);
  }

  /** The next exit in this slot begins a new row. */
  forgetRow(slot: number): void {
    this.#rows.delete(slot);
  }

  /** Frees those that wait and those that ended, and forgets all rows. */
  reset(): void {
    this.cancelWaits();
    for (const slot of this.#ended.splice(0)) this.free(slot);
    this.#rows.clear();
  }

  #arm(atMs: number, delayMs: number): void {
    clearTimeout(this.#timer);
    this.#nextAtMs = atMs;
    this.#timer = setTimeout(() => this.#freeDue(), delayMs);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#nextAtMs = Infinity;
  }

  #freeDue(): void {
    const dueMs = this.#nextAtMs;
    this.#disarm();
    for (const [slot, atMs] of this.#waiting) {
      if (atMs > dueMs) continue;
      this.#waiting.delete(slot);
      this.free(slot);
    }
    // Relative to what was due and not to the clock, which may have been set meanwhile.
    const nextMs = Math.min(...this.#waiting.values());
    if (this.#waiting.size > 0) this.#arm(nextMs, nextMs - dueMs);
    this.#onDue();
  }
}
