import type { Run } from "./run.ts";

/** Runs that expire within this time of each other are removed together. */
const stepMs = 1000;

/** Removes runs when their `keep` is over. Owns one timer. */
export class Expiry {
  readonly #remove: (run: Run) => void;
  /** When each expires, on the steady clock. */
  readonly #dueMs = new Map<Run, number>();
  #timer: NodeJS.Timeout | undefined;
  #nextMs = Infinity;

  constructor(remove: (run: Run) => void) {
    this.#remove = remove;
  }

  /** Call when the run has ended. One of an earlier gafferd has been kept for some time already. */
  add(run: Run): void {
    const keptMs = Math.max(0, Date.now() - (run.facts.endedAtMs ?? Date.now()));
    const dueMs = performance.now() + Math.max(0, run.keepMs - keptMs);
    this.#dueMs.set(run, dueMs);
    if (dueMs < this.#nextMs) this.#arm(dueMs);
  }

  remove(run: Run): void {
    this.#dueMs.delete(run);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#dueMs.clear();
  }

  #arm(dueMs: number): void {
    clearTimeout(this.#timer);
    this.#nextMs = dueMs;
    this.#timer = setTimeout(() => this.#sweep(), Math.max(0, dueMs - performance.now())).unref();
  }

  #sweep(): void {
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const [run, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
      else {
        this.#dueMs.delete(run);
        this.#remove(run);
      }
    }
    this.#nextMs = Infinity;
    // A run that lives a moment longer costs less than a sweep for each.
    if (nextMs < Infinity) this.#arm(Math.max(nextMs, nowMs + stepMs));
  }
}
