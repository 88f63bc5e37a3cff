const defaultIntervalMs = 100;
const defaultStopAfterMs = 5 * 60_000;
/** Upper bounds. */
const bucketSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** A histogram of timer delays since the first reading. All values only increase. */
export interface LoopLagReading {
  /** How many delays were at most this long, in ascending order. */
  readonly buckets: readonly { readonly atMostSeconds: number; readonly count: number }[];
  readonly count: number;
  readonly sumSeconds: number;
}

/**
 * Measures event loop lag with one timer, which runs only while the metrics are read: without scrapes, the daemon does
 * not wake up for it. It counts instead of keeping the maximum since the last reading, so that several readers do not
 * disturb each other. (Bun's `monitorEventLoopDelay` never stops, and reports only quantiles since the start.)
 */
export class LoopLag {
  readonly #intervalMs: number;
  readonly #stopAfterMs: number;
  readonly #counts = bucketSeconds.map((atMostSeconds) => ({ atMostSeconds, count: 0 }));
  #count = 0;
  #sumSeconds = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastReadAtMs = 0;

  /** Measures every `intervalMs` (100 ms), until `read` was not called for `stopAfterMs` (5 min). */
  constructor({ intervalMs = defaultIntervalMs, stopAfterMs = defaultStopAfterMs } = {}) {
    this.#intervalMs = intervalMs;
    this.#stopAfterMs = stopAfterMs;
  }

  get isMeasuring(): boolean {
    return this.#timer !== undefined;
  }

  /** Returns the delays measured so far, and starts measuring if it was stopped. */
  read(): LoopLagReading {
    this.#lastReadAtMs = performance.now();
    if (!this.isMeasuring) this.#measure();
    let below = 0;
    const buckets = this.#counts.map(({ atMostSeconds, count }) => ({ atMostSeconds, count: (below += count) }));
    return { buckets, count: this.#count, sumSeconds: this.#sumSeconds };
  }

  #measure(): void {
    const dueMs = performance.now() + this.#intervalMs;
    this.#timer = setTimeout(() => {
      const nowMs = performance.now();
      this.#observe(Math.max(0, nowMs - dueMs) / 1000);
      this.#timer = undefined;
      if (nowMs - this.#lastReadAtMs < this.#stopAfterMs) this.#measure();
    }, this.#intervalMs);
    // The timer must not keep the daemon running.
    this.#timer.unref();
  }

  #observe(seconds: number): void {
    this.#count += 1;
    this.#sumSeconds += seconds;
    const bucket = this.#counts.find(({ atMostSeconds }) => seconds <= atMostSeconds);
    if (bucket !== undefined) bucket.count += 1;
  }
}
