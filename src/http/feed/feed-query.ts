import { GafferdError } from "../../errors.ts";
import { parseDuration } from "../../template/duration.ts";
import { choice, type Parameter } from "../operation/parameter.ts";

export type FeedKind = "longpoll" | "continuous" | "eventsource";

/** The format of output: raw bytes, JSON or Base64. */
export type FeedFormat = "text" | "json" | "base64";

/** Proxies close a connection after 50 to 60 s of silence. */
export const defaultHeartbeatMs = 15_000;
const shortestHeartbeatMs = 100;
const longestHeartbeatMs = 86_400_000;

/** The query parameters of every feed. A feed may override a description. */
export const feedParameters = {
  feed: choice(
    "feed",
    ["longpoll", "continuous", "eventsource"],
    "`longpoll` waits for output, returns the available output, and ends. `continuous` sends output as it arrives, until the process exits. `eventsource` sends server-sent events.",
  ),
  heartbeat: {
    name: "heartbeat",
    description:
      "If nothing was sent for this many seconds, an empty line is sent (a comment with `eventsource`). `true` means 15, `false` disables the heartbeat. A `longpoll` request returns an empty response after this time. `continuous` with `format=text` has no heartbeat by default, because it would mix with the output of the process.",
    schema: {
      anyOf: [
        { type: "boolean" },
        { type: "number", minimum: shortestHeartbeatMs / 1000, maximum: longestHeartbeatMs / 1000 },
      ],
      default: true,
    },
    examples: ["15", "true", "false"],
  },
  since: {
    name: "since",
    description:
      "Start after this ID (from an event or from `X-Gaffer-Next`), or at a time: an age (`10s`, `5m`) or an RFC 3339 time. Default: the oldest byte in the buffer. Cannot be combined with `tail`.",
    schema: { type: "string" },
    examples: ["5m", "2026-01-31T12:00:00Z"],
  },
} as const satisfies Record<string, Parameter>;

/** The header that `EventSource` sends when it reconnects. */
export const lastEventIdHeader: Parameter = {
  name: "Last-Event-ID",
  description:
    "The ID of the last event that the client received. Same as `since`, and takes precedence over `since` and `tail`.",
  schema: { type: "string" },
  examples: ["r5k2x_1_2s_2s"],
};

/** `true` (15 s), `false`, or seconds. Throws `bad_value`. */
export function parseHeartbeat(text: string | null, fallbackMs: number | undefined): number | undefined {
  if (text === null) return fallbackMs;
  if (text === "true") return defaultHeartbeatMs;
  if (text === "false") return undefined;
  const ms = Number(text) * 1000;
  if (text.trim() !== "" && ms >= shortestHeartbeatMs && ms <= longestHeartbeatMs) return ms;
  throw new GafferdError("bad_value", `\`heartbeat\` must be true, false or 0.1 to 86400 seconds, not \`${text}\``, {
    field: "heartbeat",
  });
}

/** An age or an RFC 3339 time, in Unix ms; the value of the parameter `field`. Throws `bad_value`. */
export function parseTime(text: string, nowMs: number, field = "since"): number {
  if (/^\d{4}-\d\d-\d\d[Tt ]/.test(text)) {
    const timeMs = Date.parse(text);
    if (!Number.isNaN(timeMs)) return timeMs;
  } else if (/^[\d.]/.test(text)) {
    try {
      return nowMs - parseDuration(text);
    } catch {
      // The error below lists all accepted forms.
    }
  }
  throw new GafferdError(
    "bad_value",
    `\`${field}\` must be an id from a stream, an age such as 10s or 5m, or an RFC 3339 time, not \`${text.slice(0, 80)}\``,
    { field },
  );
}
