import { GafferdError } from "../errors.ts";
import type { OutputStart } from "../manager/output-start.ts";
import { parseDuration } from "../template/duration.ts";
import type { OutputFormat } from "./output-encoder.ts";
import { looksLikeStreamId, parseStreamId } from "./stream-id.ts";
import { oneOf, parseFlag, parseWhole } from "./query.ts";

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

/** Throws `bad_value` with the parameter's name in `field`. */
export function parseOutputQuery(query: URLSearchParams, lastEventId: string | null, nowMs: number): OutputQuery {
  const feed = parseFeed(query);
  return {
    feed,
    format: oneOf(query, "format", ["text", "json", "base64"] as const),
    // A raw feed has none unless it is asked for: its bytes are to be the process's own.
    heartbeatMs: parseHeartbeat(query.get("heartbeat"), feed === "continuous" ? undefined : defaultHeartbeatMs),
    start: parseStart(query, lastEventId, nowMs),
    follow: parseFlag(query, "follow", true),
    lossless: parseFlag(query, "lossless", false),
  };
}

export function parseFeed(query: URLSearchParams): FeedKind {
  return oneOf(query, "feed", ["longpoll", "continuous", "eventsource"]);
}

/** `true` (60 s), `false`, or seconds. Throws `bad_value`. */
export function parseHeartbeat(text: string | null, fallbackMs: number | undefined): number | undefined {
  if (text === null) return fallbackMs;
  if (text === "true") return defaultHeartbeatMs;
  if (text === "false") return undefined;
  const ms = Number(text) * 1000;
  if (text.trim() !== "" && ms >= 100 && ms <= 86_400_000) return ms;
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
