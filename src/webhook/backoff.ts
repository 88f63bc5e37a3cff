/** How long to wait before what failed is tried again. */
export interface WebhookBackoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** With ten retries: a quarter of an hour in all. */
export const defaultWebhookBackoff: WebhookBackoff = { firstMs: 1000, maxMs: 15 * 60_000 };

/** A receiver cannot ask for more patience than that. */
export const maxRetryAfterMs = 60 * 60_000;

/**
 * The wait after so many failures (1 is the first): twice as long each time, of which up to a half is left out by chance,
 * so that those who failed together do not come back together; and never less than the receiver asked for.
 * `random` is from 0 to 1.
 */
export function waitMs(
  failures: number,
  { policy, random, retryAfterMs = 0 }: { policy: WebhookBackoff; random: number; retryAfterMs?: number },
): number {
  const fullMs = Math.min(policy.firstMs * 2 ** (failures - 1), policy.maxMs);
  return Math.max(Math.round(fullMs * (1 - random / 2)), Math.min(retryAfterMs, maxRetryAfterMs));
}

/** Milliseconds of a `Retry-After`, seconds or a date; undefined for what is neither. */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
