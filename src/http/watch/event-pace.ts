/** After it has woken its readers, the events of so much time are kept for them together. */
const paceMs = 5;

/**
 * Wakes those who wait for events at the same time, at most every 5 ms: what comes in between is one write to each
 * client, not one for each event, which would cost more than all else when processes come and go by the thousand. After
 * silence nothing is held back longer than the turn in which it came.
 */
export class EventPace {
  readonly #waiting = new Set<() => void>();
  #wokeAtMs = -Infinity;
  #isArmed = false;

  /** `wake` is called once, soon, however often this is. */
  wakeSoon(wake: () => void): void {
    this.#waiting.add(wake);
    if (this.#isArmed) return;
    this.#isArmed = true;
    const waitMs = this.#wokeAtMs + paceMs - performance.now();
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
