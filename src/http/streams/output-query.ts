import { GafferdError } from "../../errors.ts";
import type { OutputStart } from "../../reading/output-start.ts";
import { parseDuration } from "../../template/duration.ts";
import type { OutputFormat } from "./output-encoder.ts";
import { choice, flag, type Parameter } from "../operation/parameter.ts";
import { looksLikeStreamId, parseStreamId } from "../feed/stream-id.ts";
import { parseWhole } from "../operation/query.ts";

export type FeedKind = "longpoll" | "continuous" | "eventsource";

/** What a request asks of an output: the table of the manual. */
export interface OutputQuery {
  readonly feed: FeedKind;
  readonly format: OutputFormat;
  /** Undefined: none. */
  readonly heartbeatMs: number | undefined;
  readonly start: OutputStart;
  readonly follow: boolean;
  readonly lossless: boolean;
}

export const defaultHeartbeatMs = 60_000;
const shortestHeartbeatMs = 100;
const longestHeartbeatMs = 86_400_000;

/** What may stand in the query of an output, and the header that does the same as `since`. */
export const outputParameters = {
  feed: choice(
    "feed",
    ["longpoll", "continuous", "eventsource"],
    "`longpoll` waits for output, answers what there is, and ends. `continuous` sends the bytes as they come, until the process ends. `eventsource` sends server-sent events.",
  ),
  heartbeat: {
    name: "heartbeat",
    description:
      "Seconds after which an empty line (a comment in `eventsource`) is sent when nothing else was; `true` is 60, `false` is never. An answer to `longpoll` ends, empty, after so long. `continuous` with `format=text` has none unless it is asked for: its bytes are the process's own.",
    schema: {
      anyOf: [
        { type: "boolean" },
        { type: "number", minimum: shortestHeartbeatMs / 1000, maximum: longestHeartbeatMs / 1000 },
      ],
      default: true,
    },
    examples: ["15", "true", "false"],
  },
  tail: {
    name: "tail",
    description:
      "Start so many lines back; `0` is from now on. Default: at the oldest byte that is held. Not with `since`.",
    schema: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    examples: ["20", "0"],
  },
  since: {
    name: "since",
    description:
      "Start after this id, as an event or `X-Gaffer-Next` gave it, or at a time: an age (`10s`, `5m`) or RFC 3339. Default: at the oldest byte that is held. Not with `tail`.",
    schema: { type: "string" },
    examples: ["5m", "2026-01-31T12:00:00Z"],
  },
  format: choice(
    "format",
    ["text", "json", "base64"],
    "`json`: each piece of output is an object, a line or the `data` of an event. `base64`: it is a line of Base64, which holds every byte, those too that are not UTF-8 and come as U+FFFD in `json` and in the text of `eventsource`.",
  ),
  follow: flag("follow", true, "`false`: end when all that is held has been sent."),
  lossless: flag(
    "lossless",
    false,
    "`true`: the process waits for this reader, as it would at a pipe, so that nothing is dropped. A reader that takes nothing for the template's `lossless_timeout` is cut off.",
  ),
} as const satisfies Record<string, Parameter>;

/** What a browser's `EventSource` sends when it comes again. */
export const lastEventIdHeader: Parameter = {
  name: "Last-Event-ID",
  description: "The id of the last event seen: does the same as `since`, and wins over all that says where to begin.",
  schema: { type: "string" },
  examples: ["r5k2x.1.1-2s"],
};

/** Throws `bad_value` with the parameter's name in `field`. */
export function parseOutputQuery(query: URLSearchParams, lastEventId: string | null, nowMs: number): OutputQuery {
  const feed = outputParameters.feed.read(query);
  return {
    feed,
    format: outputParameters.format.read(query),
    // A raw feed has none unless it is asked for: its bytes are to be the process's own.
    heartbeatMs: parseHeartbeat(query.get("heartbeat"), feed === "continuous" ? undefined : defaultHeartbeatMs),
    start: parseStart(query, lastEventId, nowMs),
    follow: outputParameters.follow.read(query),
    lossless: outputParameters.lossless.read(query),
  };
}

/** `true` (60 s), `false`, or seconds. Throws `bad_value`. */
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

/** Where `tail`, `since` or `Last-Event-ID` say to begin. Throws `bad_value`. */
export function parseStart(query: URLSearchParams, lastEventId: string | null, nowMs: number): OutputStart {
  if (lastEventId) return parseStreamId(lastEventId);
  const since = query.get("since");
  const tail = query.get("tail");
  if (since !== null && tail !== null) {
    throw new GafferdError("bad_value", "`tail` and `since` both say where to begin; give one of them", {
      field: "tail",
    });
  }
  if (tail !== null) return { kind: "tail", lines: parseWhole(tail, "tail") };
  if (since === null) return { kind: "held" };
  if (looksLikeStreamId(since)) return parseStreamId(since);
  return { kind: "since", timeMs: parseTime(since, nowMs) };
}

/** An age or an RFC 3339 time, in Unix ms. Throws `bad_value`. */
export function parseTime(text: string, nowMs: number): number {
  if (/^\d{4}-\d\d-\d\d[Tt ]/.test(text)) {
    const timeMs = Date.parse(text);
    if (!Number.isNaN(timeMs)) return timeMs;
  } else if (/^[\d.]/.test(text)) {
    try {
      return nowMs - parseDuration(text);
    } catch {
      // Said below, for all forms together.
    }
  }
  throw new GafferdError(
    "bad_value",
    `\`since\` must be an id that a stream has sent, an age such as 10s or 5m, or an RFC 3339 time, not \`${text.slice(0, 80)}\``,
    { field: "since" },
  );
}
