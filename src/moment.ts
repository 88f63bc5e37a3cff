/** A point in time on two clocks. */
export interface Moment {
  /** Unix time in milliseconds, from the system clock, which can be set forwards and backwards. */
  readonly unixMs: number;
  /** Milliseconds on the monotonic clock (`performance.now()`): for order, ages and delays. */
  readonly steadyMs: number;
}

export function currentMoment(): Moment {
  return { unixMs: Date.now(), steadyMs: performance.now() };
}

/**
 * Converts a Unix time to the monotonic clock, based on what the system clock shows `now`. If the clock was set back,
 * the result is the last time it showed this value. It is up to a millisecond early, because Unix times are whole
 * milliseconds.
 */
export function toSteadyMs(unixMs: number, now: Moment): number {
  return now.steadyMs - (now.unixMs - unixMs) - 1;
}

const startedUnixMs = Date.now() - performance.now();

/** Unix time in whole milliseconds. Setting the clock of the machine while the program runs does not change it. */
export function steadyNowMs(): number {
  return Math.floor(startedUnixMs + performance.now());
}
