import { type Moment, toSteadyMs } from "../../moment.ts";
import { GafferdError } from "../../errors.ts";
import type { OutputStart } from "../../reading/output-start.ts";
import {
  defaultHeartbeatMs,
  type FeedFormat,
  type FeedKind,
  feedParameters,
  parseHeartbeat,
  parseTime,
} from "../feed/feed-query.ts";
import { choice, flag, type Parameter, type ReadableParameter } from "../operation/parameter.ts";
import { looksLikeStreamId, parseStreamId } from "../feed/stream-id.ts";
import { parseWhole } from "../operation/query.ts";

/** When a stream ends: `true` when no output can follow, `until-exit` when nothing runs, `false` after the buffered output. */
export type Follow = boolean | "until-exit";

/** The parsed query of an output stream. */
export interface OutputQuery {
  readonly feed: FeedKind;
  readonly format: FeedFormat;
  /** Undefined for no heartbeat. */
  readonly heartbeatMs: number | undefined;
  readonly start: OutputStart;
  readonly follow: Follow;
  readonly lossless: boolean;
}

const follows = flag("follow", true, "");

const follow: ReadableParameter<Follow> = {
  ...follows,
  description:
    "`false`: the stream ends when all buffered output has been sent. `until-exit`: the stream of a template also ends when the template is `exited`, `stopped` or `fatal` and all its output has been sent. The stream of a process always ends with the process.",
  schema: { anyOf: [{ type: "boolean" }, { type: "string", enum: ["until-exit"] }], default: true },
  examples: ["false", "until-exit"],
  read: (query) => (query.get("follow") === "until-exit" ? "until-exit" : follows.read(query)),
};

/** Query parameters of output streams. */
export const outputParameters = {
  ...feedParameters,
  tail: {
    name: "tail",
    description:
      "Start this many lines before the end of the buffer. `0` sends only new output. Default: the oldest byte in the buffer. Cannot be combined with `since`.",
    schema: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    examples: ["20", "0"],
  },
  format: choice(
    "format",
    ["text", "json", "base64"],
    "`json`: each piece of output is a JSON object, on a line or as the `data` of an event. `base64`: each piece is a line of Base64, which preserves all bytes. In `json`, and in the text of `eventsource`, bytes that are not valid UTF-8 become U+FFFD.",
  ),
  follow,
  lossless: flag(
    "lossless",
    false,
    "`true`: the process waits for this reader, as with a pipe, so that no output is dropped. A reader that does not read for the template's `lossless_timeout` is disconnected.",
  ),
} as const satisfies Record<string, Parameter>;

/** Throws `bad_value` with the parameter's name in `field`. */
export function parseOutputQuery(query: URLSearchParams, lastEventId: string | null, now: Moment): OutputQuery {
  const feed = outputParameters.feed.read(query);
  const format = outputParameters.format.read(query);
  const isRaw = feed === "continuous" && format === "text";
  return {
    feed,
    format,
    // A heartbeat would mix with the raw output of the process.
    heartbeatMs: parseHeartbeat(query.get("heartbeat"), isRaw ? undefined : defaultHeartbeatMs),
    start: parseStart(query, lastEventId, now),
    follow: outputParameters.follow.read(query),
    lossless: outputParameters.lossless.read(query),
  };
}

/** Parses the start position from `tail`, `since` or `Last-Event-ID`. Throws `bad_value`. */
export function parseStart(query: URLSearchParams, lastEventId: string | null, now: Moment): OutputStart {
  if (lastEventId) return parseStreamId(lastEventId);
  const since = query.get("since");
  const tail = query.get("tail");
  if (since !== null && tail !== null) {
    throw new GafferdError("bad_value", "`tail` and `since` cannot be combined; use one of them", {
      field: "tail",
    });
  }
  if (tail !== null) return { kind: "tail", lines: parseWhole(tail, "tail") };
  if (since === null) return { kind: "held" };
  if (looksLikeStreamId(since)) return parseStreamId(since);
  return { kind: "since", steadyMs: toSteadyMs(parseTime(since, now.unixMs), now) };
}
