import type { FlappingPolicy } from "../template/template.ts";

/** What is kept between exits. Times are Unix milliseconds, oldest first. */
export interface FlappingRecord {
  readonly exitsMs: readonly number[];
  /** Retries since the template last ran for longer than the window. */
  readonly retries: number;
  /** The time of the last or next retry; undefined before the first one. */
  readonly retryAtMs?: number;
}

export type FlappingVerdict =
  | { readonly kind: "respawn"; readonly record: FlappingRecord }
  | { readonly kind: "retry"; readonly record: FlappingRecord; readonly retryAtMs: number }
  | { readonly kind: "give-up" };

export const noExits: FlappingRecord = { exitsMs: [], retries: 0 };

/**
 * Decides what follows an unexpected exit. The `attempts`-th exit within `windowMs` is flapping: wait `retryInMs` and try
 * again, at most `maxRetries` times in a row. Running longer than `windowMs` resets the retry count.
 */
export function judgeExit(policy: FlappingPolicy | undefined, before: FlappingRecord, nowMs: number): FlappingVerdict {
  if (policy === undefined) return { kind: "respawn", record: noExits };
  // A time in the future was recorded before the clock was set back. Its age is unknown, so it counts as old.
  const isRecent = (timeMs: number) => Math.abs(nowMs - timeMs) < policy.windowMs;
  const ranLongEnough = before.retryAtMs !== undefined && Math.abs(nowMs - before.retryAtMs) > policy.windowMs;
  const retries = ranLongEnough ? 0 : before.retries;
  const exitsMs = [...before.exitsMs.filter(isRecent), nowMs];
  if (exitsMs.length < policy.attempts) {
    const retryAtMs = ranLongEnough ? undefined : before.retryAtMs;
    return { kind: "respawn", record: { exitsMs, retries, ...(retryAtMs === undefined ? {} : { retryAtMs }) } };
  }
  if (retries >= policy.maxRetries) return { kind: "give-up" };
  const retryAtMs = nowMs + policy.retryInMs;
  return { kind: "retry", retryAtMs, record: { exitsMs: [], retries: retries + 1, retryAtMs } };
}
