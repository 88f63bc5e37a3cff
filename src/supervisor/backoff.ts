import type { BackoffPolicy } from "../template/template.ts";

/** What is remembered between exits; times are Unix milliseconds. */
export interface BackoffRecord {
  /** Waits since a process last ran for `resetAfterMs`. */
  readonly waits: number;
  /** When the last of them ends or ended; undefined before the first. */
  readonly untilMs?: number;
}

export const noWaits: BackoffRecord = { waits: 0 };

/**
 * How long the place of a process stays empty that ended at `nowMs` after it had run for `ranMs`. Those that end while
 * another's place waits already wait with it. `random` is from 0 to 1.
 */
export function waitAfterExit(
  policy: BackoffPolicy,
  before: BackoffRecord,
  { nowMs, ranMs, random }: { readonly nowMs: number; readonly ranMs: number; readonly random: number },
): Required<BackoffRecord> {
  const { untilMs = nowMs } = before;
  const longestMs = policy.maxMs * (1 + policy.jitter);
  // One that seems to last longer does not wait: the clock was set back.
  if (untilMs > nowMs && untilMs - nowMs <= longestMs + 1) return { waits: before.waits, untilMs };
  const waits = ranMs >= policy.resetAfterMs ? 0 : before.waits;
  const waitMs = Math.min(policy.maxMs, policy.minMs * policy.factor ** waits);
  return { waits: waits + 1, untilMs: Math.ceil(nowMs + waitMs * (1 + policy.jitter * random)) };
}
