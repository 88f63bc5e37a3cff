import type { BackoffPolicy } from "../template/template.ts";

/** The consecutive exits of a slot. */
export interface ExitStreak {
  /** Exits since a process last ran for `resetAfterMs`, including that process. */
  readonly exits: number;
  /** How many of these exits were followed by a delay. */
  readonly delays: number;
}

export const noExitStreak: ExitStreak = { exits: 0, delays: 0 };

/** A process that ran at least this long is replaced immediately when it exits for the first time. */
export const immediateRestartMs = 1000;

/** The longest delay that `setTimeout` accepts. */
const maxDelayMs = 2 ** 31 - 1;

/** An exit after a run of at least this length starts a new streak. Default: 10 s, as for `backoff`. */
export function resetAfterMs(policy: BackoffPolicy | undefined): number {
  return policy?.resetAfterMs ?? 10_000;
}

/**
 * The streak after an exit, and how long the slot then stays empty: always 0 without a policy. `random` is from 0 to 1.
 */
export function streakAfterExit(
  policy: BackoffPolicy | undefined,
  before: ExitStreak,
  { ranMs, random }: { readonly ranMs: number; readonly random: number },
): { streak: ExitStreak; delayMs: number } {
  const { exits, delays } = ranMs >= resetAfterMs(policy) ? noExitStreak : before;
  if (policy === undefined || (exits === 0 && ranMs >= immediateRestartMs)) {
    return { streak: { exits: exits + 1, delays }, delayMs: 0 };
  }
  return { streak: { exits: exits + 1, delays: delays + 1 }, delayMs: delayAfter(policy, delays, random) };
}

/** The next delay after `delays` delays, in whole milliseconds. */
export function delayAfter({ minMs, maxMs, factor, jitter }: BackoffPolicy, delays: number, random: number): number {
  const delayMs = Math.min(maxMs, minMs * factor ** delays);
  return Math.min(maxDelayMs, Math.ceil(delayMs * (1 + jitter * random)));
}
