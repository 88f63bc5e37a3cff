/** Delay before the first reconnection, unless the server sends another one. */
export const defaultRetryMs = 100;
const maxRetryMs = 10_000;

/**
 * The delay before the next attempt: `retryMs`, doubled for each failure, at most 10 s (or `retryMs`, if that is longer).
 * `chance` (0 to 1) adds up to half of it, so that the clients of one server do not all reconnect at the same time.
 */
export function toDelayMs(failures: number, retryMs: number, chance: number): number {
  const delayMs = Math.min(retryMs * 2 ** failures, Math.max(maxRetryMs, retryMs));
  return delayMs * (1 + chance / 2);
}
