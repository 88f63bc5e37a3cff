/** Formats a time as RFC 3339 in UTC, with milliseconds. */
export function toTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** Like `toTime`; `null` if there is no time. */
export function toTimeOrNull(unixMs: number | undefined): string | null {
  return unixMs === undefined ? null : toTime(unixMs);
}
