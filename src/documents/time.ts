/** A time as documents have it: RFC 3339 in UTC, with milliseconds. */
export function toTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** `null` for a time that there is not. */
export function toTimeOrNull(unixMs: number | undefined): string | null {
  return unixMs === undefined ? null : toTime(unixMs);
}
