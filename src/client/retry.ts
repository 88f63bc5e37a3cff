import { defaultRetryMs, toDelayMs } from "./backoff.ts";
import { GafferdClientError } from "./error.ts";
import { isTransient } from "./write.ts";

/** Attempts end after this time without an answer of gafferd. */
const defaultPatienceMs = 30_000;

export interface RetryOptions {
  /** Default 30 s. Each answer of gafferd begins it again. */
  readonly patienceMs?: number | undefined;
  /** No attempt follows; then it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls `attempt` until it gets an answer. Only for requests that are safe to repeat. Rejects with the last error. */
export async function retry<T>(
  attempt: () => Promise<T>,
  { patienceMs = defaultPatienceMs, signal }: RetryOptions,
): Promise<T> {
  const beganMs = Date.now();
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error) || Date.now() - beganMs > patienceMs) throw error;
      const waitMs = error instanceof GafferdClientError ? (error.retryAfterMs ?? 0) : 0;
      const delayMs = Math.max(waitMs, toDelayMs(failures, defaultRetryMs, Math.random()));
      await new Promise((resolve) => setTimeout(resolve, Math.min(delayMs, patienceMs)));
    }
  }
}
