/** When something happened, on two clocks. */
export interface Moment {
  /** Unix time in milliseconds: what the system's clock showed then. It may be set, forwards and backwards. */
  readonly unixMs: number;
  /** Milliseconds on a clock that nobody sets (that of `performance.now()`): for order, ages and delays. */
  readonly steadyMs: number;
}

export function currentMoment(): Moment {
  return { unixMs: Date.now(), steadyMs: performance.now() };
}

/**
 * Where a Unix time is on the steady clock, by what the system's clock shows `now`. So it means the last time that the
 * clock showed it, if the clock was set back. It is up to a millisecond early, since Unix times are whole ones.
 */
export function toSteadyMs(unixMs: number, now: Moment): number {
  return now.steadyMs - (now.unixMs - unixMs) - 1;
}
