/** Interval of the heartbeats that gafferd sends while there is no data. */
export const heartbeatSeconds = 20;
/** A connection without data for three heartbeats is dead. */
export const silenceMs = 3 * heartbeatSeconds * 1000;

/** Formats the query parameter `since`. */
export function toSince(since: string | Date | undefined): string | undefined {
  return since instanceof Date ? since.toISOString() : since;
}
