/** The delay before a failed delivery is tried again. */
export interface WebhookBackoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Ten retries take about 15 minutes in all. */
export const defaultWebhookBackoff: WebhookBackoff = { firstMs: 1000, maxMs: 15 * 60_000 };

/** The longest `Retry-After` that is respected. */
export const maxRetryAfterMs = 60 * 60_000;

/**
 * The delay after the given number of failures (1 is the first). It doubles each time; up to half of it is taken off at
 * random, so that receivers that failed together are not all tried together. It is never less than the receiver asked
 * for. `random` is from 0 to 1.
 */
export function waitMs(
  failures: number,
  { policy, random, retryAfterMs = 0 }: { policy: WebhookBackoff; random: number; retryAfterMs?: number },
): number {
  const fullMs = Math.min(policy.firstMs * 2 ** (failures - 1), policy.maxMs);
  return Math.max(Math.round(fullMs * (1 - random / 2)), Math.min(retryAfterMs, maxRetryAfterMs));
}

/** Milliseconds of a `Retry-After` header: seconds or a date. Undefined for anything else. */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
