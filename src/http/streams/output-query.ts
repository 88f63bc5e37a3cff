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
import { leaseParameter } from "../feed/held-lease.ts";
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
  /** The name of the lossless reader. Undefined if it has none. */
  readonly reader: string | undefined;
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

const readerPattern = /^[\w.:@+-]{1,64}$/;

function readReader(query: URLSearchParams): string | undefined {
  const name = query.get("reader") ?? undefined;
  if (name === undefined) return undefined;
  if (!readerPattern.test(name)) {
    throw badReader(`\`reader\` must be up to 64 letters, digits and \`_ . : @ + -\`, not \`${name}\``);
  }
  if (query.get("feed") === "continuous") {
    throw badReader(
      "`reader` needs ids to continue at, which `continuous` does not have; use `eventsource` or `longpoll`",
    );
  }
  if (!outputParameters.lossless.read(query)) throw badReader("`reader` requires `lossless=true`");
  return name;
}

function badReader(message: string): GafferdError {
  return new GafferdError("bad_value", message, { field: "reader" });
}

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
  lease: leaseParameter,
  lossless: flag(
    "lossless",
    false,
    "`true`: the process waits for this reader, as with a pipe, so that no output is dropped. A reader that does not read for the template's `lossless_timeout` is disconnected.",
  ),
  reader: {
    name: "reader",
    description:
      "A name for a lossless reader: up to 64 letters, digits and `_ . : @ + -`. If its connection breaks, the process waits for it for `lossless_timeout`, and another request with the same name continues: at `since` or `Last-Event-ID` if it has one, else after the last byte that was sent. A second connection with the name ends the first. Requires `lossless=true`, and a feed that has ids: `eventsource` or `longpoll`.",
    schema: { type: "string", pattern: readerPattern.source },
    examples: ["archive"],
  },
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
    reader: readReader(query),
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
