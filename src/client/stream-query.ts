/** So often gafferd is asked to send something, though nothing happens. */
export const heartbeatSeconds = 20;
/** What brings no heartbeat three times over is a dead connection. */
export const silenceMs = 3 * heartbeatSeconds * 1000;

/** As `since` is asked for. */
export function toSince(since: string | Date | undefined): string | undefined {
  return since instanceof Date ? since.toISOString() : since;
}
