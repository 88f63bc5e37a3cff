/** Events that an `EventSource` fires by itself: a page could not tell output of these labels from them. */
const ownEvents: ReadonlySet<string> = new Set(["error", "message", "open"]);

/**
 * The name of the server-sent events that hold the output of a label: the label itself, but `label:error` for `error`,
 * and so for `message` and `open`. No label has a colon.
 */
export function eventNameOf(label: string): string {
  return ownEvents.has(label) ? `label:${label}` : label;
}
