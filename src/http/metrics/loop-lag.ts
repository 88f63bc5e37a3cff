const defaultEveryMs = 100;
const defaultLingerMs = 5 * 60_000;
/** Upper bounds. */
const bucketSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** How late timers ran, in seconds, since the daemon was first asked; no figure ever goes back. */
export interface LoopLagReading {
  /** How many were this late at most, ascending. */
  readonly buckets: readonly { readonly atMostSeconds: number; readonly count: number }[];
  readonly count: number;
  readonly sumSeconds: number;
}

/**
 * How long what is ready has to wait for the event loop. It is measured by one timer that runs only while somebody asks:
 * a host whom nobody watches never wakes for it. Counts rather than a maximum since the last reading, so that two who
 * ask take nothing from each other. (Bun's `monitorEventLoopDelay` keeps running and tells quantiles of all time.)
 */
export class LoopLag {
  readonly #everyMs: number;
  readonly #lingerMs: number;
  readonly #counts = bucketSeconds.map((atMostSeconds) => ({ atMostSeconds, count: 0 }));
  #count = 0;
  #sumSeconds = 0;
  #timer: NodeJS.Timeout | undefined;
  #askedAtMs = 0;

  /** Measures every `everyMs` (100 ms) until nobody has asked for `lingerMs` (5 min). */
  constructor({ everyMs = defaultEveryMs, lingerMs = defaultLingerMs } = {}) {
    this.#everyMs = everyMs;
    this.#lingerMs = lingerMs;
  }

  get isMeasuring(): boolean {
    return this.#timer !== undefined;
  }

  /** What was measured until now; it goes on from here. */
  read(): LoopLagReading {
    this.#askedAtMs = performance.now();
    if (!this.isMeasuring) this.#measure();
    let below = 0;
    const buckets = this.#counts.map(({ atMostSeconds, count }) => ({ atMostSeconds, count: (below += count) }));
    return { buckets, count: this.#count, sumSeconds: this.#sumSeconds };
  }

  #measure(): void {
    const dueMs = performance.now() + this.#everyMs;
    this.#timer = setTimeout(() => {
      const nowMs = performance.now();
      this.#observe(Math.max(0, nowMs - dueMs) / 1000);
      this.#timer = undefined;
      if (nowMs - this.#askedAtMs < this.#lingerMs) this.#measure();
    }, this.#everyMs);
    // The daemon does not live for it.
    this.#timer.unref();
  }

  #observe(seconds: number): void {
    this.#count += 1;
    this.#sumSeconds += seconds;
    const bucket = this.#counts.find(({ atMostSeconds }) => seconds <= atMostSeconds);
    if (bucket !== undefined) bucket.count += 1;
  }
}
