import type { BackoffPolicy } from "../template/template.ts";

/** What is remembered of a slot whose processes exit one after the other. */
export interface ExitRow {
  /** Exits since a process last ran for `resetAfterMs`, that one's included. */
  readonly exits: number;
  /** How many of them were followed by a delay. */
  readonly delays: number;
}

export const noExitRow: ExitRow = { exits: 0, delays: 0 };

/** A process that ran for so long is replaced immediately when it exits for the first time. */
export const freeRestartMs = 1000;

/** What `setTimeout` can wait at most. */
const maxDelayMs = 2 ** 31 - 1;

/** After a run of this length an exit begins a new row. The default is that of `backoff`. */
export function resetAfterMs(policy: BackoffPolicy | undefined): number {
  return policy?.resetAfterMs ?? 10_000;
}

/**
 * The row that an exit makes of the one before, and how long its slot then stays empty: always 0 without a policy.
 * `random` is from 0 to 1.
 */
export function rowAfterExit(
  policy: BackoffPolicy | undefined,
  before: ExitRow,
  { ranMs, random }: { readonly ranMs: number; readonly random: number },
): { row: ExitRow; delayMs: number } {
  const { exits, delays } = ranMs >= resetAfterMs(policy) ? noExitRow : before;
  if (policy === undefined || (exits === 0 && ranMs >= freeRestartMs)) {
    return { row: { exits: exits + 1, delays }, delayMs: 0 };
  }
  return { row: { exits: exits + 1, delays: delays + 1 }, delayMs: delayAfter(policy, delays, random) };
}

/** The delay that follows so many delays: whole milliseconds. */
export function delayAfter({ minMs, maxMs, factor, jitter }: BackoffPolicy, delays: number, random: number): number {
  const delayMs = Math.min(maxMs, minMs * factor ** delays);
  return Math.min(maxDelayMs, Math.ceil(delayMs * (1 + jitter * random)));
}
