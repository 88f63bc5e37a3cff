import type { ExitStatus } from "../process/exit-status.ts";

/** `exited with status 1 after 0.01 s`, `was killed by SIGKILL after 3 h`. */
export function describeExit(status: ExitStatus, ranMs: number): string {
  const how = "signal" in status ? `was killed by ${status.signal}` : `exited with status ${status.exitCode}`;
  return `${how} after ${formatSpan(ranMs)}`;
}

/** `, 14 times in a row`; empty the first time. */
export function describeStreak(times: number): string {
  return times < 2 ? "" : `, ${times} times in a row`;
}

const units = [
  ["days", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** A time span in the largest unit that fits at least twice: `0.003 s`, `0.01 s`, `12.5 s`, `5 min`, `3 h`, `40 days`. */
export function formatSpan(spanMs: number): string {
  for (const [unit, unitMs] of units) if (spanMs >= 2 * unitMs) return `${Math.floor(spanMs / unitMs)} ${unit}`;
  const digits = spanMs < 10 ? 3 : spanMs < 10_000 ? 2 : 1;
  return `${Number((spanMs / 1000).toFixed(digits))} s`;
}
