import { GafferdError } from "../errors.ts";

/** Durations must be shorter than this: the longest wait of `setTimeout`, in whole days. */
export const maxDurationMs = 24 * 24 * 60 * 60 * 1000;

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * Parses `"7"`, `"1."`, `"500ms"`, `"30s"`, `"5m"` or `"1h"`; a number without a unit is seconds. Returns milliseconds,
 * rounded to a whole number. Throws `bad_value` for anything else, including negative and infinite numbers.
 */
export function parseDuration(duration: string | number): number {
  const ms = typeof duration === "number" ? duration * 1000 : textMs(duration);
  if (!Number.isFinite(ms) || ms < 0) {
    throw new GafferdError(
      "bad_value",
      `${JSON.stringify(duration)} is not a duration: write seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)`,
    );
  }
  return Math.round(ms);
}

/** Converts milliseconds to seconds, for documents. */
export function toSeconds(ms: number): number {
  return ms / 1000;
}

function textMs(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+) *(ms|s|m|h)?$/.exec(text.trim());
  if (!match) return Number.NaN;
  const unit = (match[2] ?? "s") as keyof typeof unitMs;
  return Number(match[1]) * unitMs[unit];
}
