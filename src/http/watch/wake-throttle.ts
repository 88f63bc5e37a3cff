const intervalMs = 5;

/**
 * Wakes all event readers together, at most every 5 ms. Events within that time become one write per client instead of
 * one write per event, which would dominate the cost when thousands of processes start and exit. After a silence, readers
 * are woken in the same turn of the event loop.
 */
export class WakeThrottle {
  readonly #waiting = new Set<() => void>();
  #wokeAtMs = -Infinity;
  #isArmed = false;

  /** Calls `wake` once, at the next opportunity, even if it is scheduled several times. */
  schedule(wake: () => void): void {
    this.#waiting.add(wake);
    if (this.#isArmed) return;
    this.#isArmed = true;
    const waitMs = this.#wokeAtMs + intervalMs - performance.now();
    if (waitMs > 0) setTimeout(() => this.#wakeAll(), waitMs);
    else setImmediate(() => this.#wakeAll());
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#isArmed = false;
    this.#wokeAtMs = performance.now();
    for (const wake of waiting) wake();
  }
}
