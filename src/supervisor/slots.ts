import { type ExitStreak, noExitStreak } from "./backoff.ts";

/**
 * The slots of a template: 0, 1, 2 … A slot is free, used by a process, empty until a known time, or empty until `reset`.
 * Owns one timer while a slot waits.
 */
export class Slots {
  readonly #onDue: () => void;
  readonly #taken = new Set<number>();
  /** No slot below this is free. */
  #lowest = 0;
  /** The slots that wait, and when each may be filled: Unix ms. */
  readonly #waiting = new Map<number, number>();
  readonly #ended: number[] = [];
  readonly #streaks = new Map<number, ExitStreak>();
  #timer: NodeJS.Timeout | undefined;
  #nextAtMs = Infinity;

  /** Calls `onDue` after a slot that waited has become free. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** The number of slots that wait to be filled. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** When the first of them may be filled (Unix ms); undefined if none waits. */
  get nextAtMs(): number | undefined {
    return this.#waiting.size === 0 ? undefined : this.#nextAtMs;
  }

  /** Takes the lowest free slot. */
  take(): number {
    while (this.#taken.has(this.#lowest)) this.#lowest += 1;
    this.#taken.add(this.#lowest);
    return this.#lowest;
  }

  free(slot: number): void {
    this.#taken.delete(slot);
    this.#lowest = Math.min(this.#lowest, slot);
  }

  /** Keeps a taken slot empty for `delayMs`. */
  wait(slot: number, delayMs: number): void {
    const atMs = Date.now() + delayMs;
    this.#waiting.set(slot, atMs);
    if (atMs < this.#nextAtMs) this.#arm(atMs, delayMs);
  }

  /** Keeps a taken slot empty until `reset`. */
  end(slot: number): void {
    this.#ended.push(slot);
  }

  /** Frees at most `count` of the slots that wait, the highest first, and returns them. */
  cancelWaits(count = Infinity): number[] {
    const slots = [...this.#waiting.keys()].toSorted((a, b) => b - a).slice(0, count);
    for (const slot of slots) {
      this.#waiting.delete(slot);
      this.free(slot);
    }
    if (this.#waiting.size === 0) this.#disarm();
    return slots;
  }

  streak(slot: number): ExitStreak {
    return this.#streaks.get(slot) ?? noExitStreak;
  }

  setStreak(slot: number, streak: ExitStreak): void {
    this.#streaks.set(slot, streak);
  }

  /** The next exit in this slot starts a new streak. */
  resetStreak(slot: number): void {
    this.#streaks.delete(slot);
  }

  /** Frees all slots that are kept empty, and clears all streaks. */
  reset(): void {
    this.cancelWaits();
    for (const slot of this.#ended.splice(0)) this.free(slot);
    this.#streaks.clear();
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
    // Relative to the time that was due, not to the clock, which may have been set since.
    const nextMs = Math.min(...this.#waiting.values());
    if (this.#waiting.size > 0) this.#arm(nextMs, nextMs - dueMs);
    this.#onDue();
  }
}
