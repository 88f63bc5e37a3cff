/** Events that `EventSource` fires itself. A page could not distinguish output with these labels from them. */
const reservedEvents: ReadonlySet<string> = new Set(["error", "message", "open"]);

/**
 * The name of the server-sent events for the output of a label: the label itself, or `label:error` for `error`, and
 * likewise for `message` and `open`. Labels cannot contain a colon.
 */
export function eventNameOf(label: string): string {
  return reservedEvents.has(label) ? `label:${label}` : label;
}
