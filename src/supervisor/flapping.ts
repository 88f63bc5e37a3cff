import type { FlappingPolicy } from "../template/template.ts";

/** What is remembered between exits; times are Unix milliseconds, oldest first. */
export interface FlappingRecord {
  readonly exitsMs: readonly number[];
  /** Tries since the template last ran for longer than the window. */
  readonly retries: number;
  /** When it was or will be tried again; undefined before the first time. */
  readonly retryAtMs?: number;
}

export type FlappingVerdict =
  | { readonly kind: "respawn"; readonly record: FlappingRecord }
  | { readonly kind: "retry"; readonly record: FlappingRecord; readonly retryAtMs: number }
  | { readonly kind: "give-up" };

export const noExits: FlappingRecord = { exitsMs: [], retries: 0 };

/**
 * Judges an exit that nobody asked for. The `attempts`-th within `windowMs` is flapping: wait `retryInMs` and try again,
 * `maxRetries` times in a row at most. To hold out for longer than the window ends the row.
 */
export function judgeExit(policy: FlappingPolicy | undefined, before: FlappingRecord, nowMs: number): FlappingVerdict {
  if (policy === undefined) return { kind: "respawn", record: noExits };
  // Times to come are from before the clock was set back: long ago, as far as anybody can tell.
  const isRecent = (timeMs: number) => Math.abs(nowMs - timeMs) < policy.windowMs;
  const heldOut = before.retryAtMs !== undefined && Math.abs(nowMs - before.retryAtMs) > policy.windowMs;
  const retries = heldOut ? 0 : before.retries;
  const exitsMs = [...before.exitsMs.filter(isRecent), nowMs];
  if (exitsMs.length < policy.attempts) {
    const retryAtMs = heldOut ? undefined : before.retryAtMs;
    return { kind: "respawn", record: { exitsMs, retries, ...(retryAtMs === undefined ? {} : { retryAtMs }) } };
  }
  if (retries >= policy.maxRetries) return { kind: "give-up" };
  const retryAtMs = nowMs + policy.retryInMs;
  return { kind: "retry", retryAtMs, record: { exitsMs: [], retries: retries + 1, retryAtMs } };
}
