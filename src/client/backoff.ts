/** Before the first reconnection, unless the server asks for another time. */
export const defaultRetryMs = 100;
const maxRetryMs = 10_000;

/**
 * How long to wait before the next attempt, after so many that led to nothing: `retryMs` doubled for each, at most 10 s
 * (or `retryMs`, if that is longer), and up to half as much again by chance, so that clients who lost one server do not
 * all come back at once.
 */
export function toDelayMs(failures: number, retryMs: number, chance: number): number {
  const delayMs = Math.min(retryMs * 2 ** failures, Math.max(maxRetryMs, retryMs));
  return delayMs * (1 + chance / 2);
}
