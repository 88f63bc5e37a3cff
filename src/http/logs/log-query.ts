import { GafferdError } from "../../errors.ts";
import type { Grep } from "../../logs/matching/grep.ts";
import { maxGrepBytes, maxPatternLength } from "../../logs/matching/limits.ts";
import type { LogQuery, SearchPlace } from "../../logs/log-search.ts";
import type { StreamPosition } from "../../reading/stream-position.ts";
import { defaultHeartbeatMs, feedParameters, parseHeartbeat, parseTime } from "../feed/feed-query.ts";
import { leaseParameter } from "../feed/held-lease.ts";
import { looksLikeStreamId, parseStreamId } from "../feed/stream-id.ts";
import { choice, flag, type Parameter } from "../operation/parameter.ts";
import { parseWhole } from "../operation/query.ts";

/** The parsed query of `/logs`. */
export interface ParsedLogQuery extends Omit<LogQuery, "matcher"> {
  readonly grep: Grep;
  readonly format: "text" | "json";
  /** Undefined for no heartbeat. */
  readonly heartbeatMs: number | undefined;
}

const defaultLimit = 1000;
const maxLimit = 1_000_000;

/** Query parameters of `/logs`. */
export const logParameters = {
  since: {
    name: "since",
    description:
      "Only lines after this ID (from `/logs` or `/streams`), or from a time on: an age (`10s`, `5m`) or an RFC 3339 time. The lines that follow it directly are returned, at most `limit`. Default: the newest `limit` lines.",
    schema: { type: "string" },
    examples: ["5m", "2026-01-31T12:00:00Z"],
  },
  until: {
    name: "until",
    description: "Only lines up to this ID, or up to a time, in the same forms as `since`. Default: all.",
    schema: { type: "string" },
    examples: ["1m", "2026-01-31T12:05:00Z"],
  },
  limit: {
    name: "limit",
    description:
      "The most lines. With `feed=eventsource`, how many lines from the past come first; without effect there if `since` is given.",
    schema: { type: "integer", minimum: 0, maximum: maxLimit, default: defaultLimit },
    examples: ["100", "0"],
  },
  grep: {
    name: "grep",
    description: `Only lines that contain this text, at most ${maxGrepBytes} bytes. Default: all lines.`,
    schema: { type: "string", maxLength: maxGrepBytes },
    examples: ["timeout"],
  },
  regex: flag(
    "regex",
    false,
    `\`true\`: \`grep\` is a regular expression in the syntax of RE2, at most ${maxPatternLength} characters. It is matched in linear time, against the first 64 KiB of each line; a very large expression against the first 8 KiB.`,
  ),
  ignore_case: flag("ignore_case", false, "`true`: `grep` matches upper and lower case letters."),
  pid: {
    name: "pid",
    description: "Only the output of the process with this pid. After a restart of gafferd, pids begin at 1 again.",
    schema: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    examples: ["3"],
  },
  label: {
    name: "label",
    description: "Only the outputs with this label.",
    schema: { type: "string", minLength: 1 },
    examples: ["stderr"],
  },
  order: choice("order", ["oldest", "newest"], "Which line comes first. `newest` cannot be combined with `feed`."),
  format: choice(
    "format",
    ["text", "json"],
    "`text`: the lines. `json`: a JSON document for each line. Bytes that are not valid UTF-8 become U+FFFD in `json`, and in the text of `eventsource`.",
  ),
  feed: {
    name: "feed",
    description:
      "`eventsource`: server-sent events, first of the lines that are stored, then of each line as it is written. Default: the response ends after the stored lines.",
    schema: { type: "string", enum: ["eventsource"] },
    examples: ["eventsource"],
  },
  heartbeat: {
    ...feedParameters.heartbeat,
    description:
      "With `feed=eventsource`: if nothing was sent for this many seconds, a comment is sent. `true` means 15, `false` disables the heartbeat.",
  },
  lease: leaseParameter,
} as const satisfies Record<string, Parameter>;

/** Throws `bad_value` with the parameter's name in `field`. `label` is that of the path. */
export function parseLogQuery(
  query: URLSearchParams,
  { label, lastEventId, nowMs }: { label: string | undefined; lastEventId: string | null; nowMs: number },
): ParsedLogQuery {
  const follow = parseFeed(query.get("feed"));
  const since = lastEventId || query.get("since");
  const until = query.get("until");
  const order = logParameters.order.read(query);
  if (follow && until !== null) throw invalid("until", "`until` and `feed` cannot be combined: a feed does not end");
  if (follow && order === "newest") {
    throw invalid("order", "`order=newest` and `feed` cannot be combined: a feed ends with the newest line");
  }
  const pid = query.get("pid");
  return {
    processId: pid === null ? undefined : parseWhole(pid, "pid"),
    label: parseLabel(query.get("label"), label),
    since: since === null ? undefined : parsePlace(since, "since", nowMs),
    until: until === null ? undefined : parsePlace(until, "until", nowMs),
    limit: parseLimit(query.get("limit")),
    order,
    follow,
    format: logParameters.format.read(query),
    heartbeatMs: parseHeartbeat(query.get("heartbeat"), follow ? defaultHeartbeatMs : undefined),
    grep: {
      text: query.get("grep") ?? "",
      regex: logParameters.regex.read(query),
      ignoreCase: logParameters.ignore_case.read(query),
    },
  };
}

function parseFeed(feed: string | null): boolean {
  if (feed === null || feed === "eventsource") return feed !== null;
  throw invalid("feed", `\`feed\` must be eventsource, not \`${feed.slice(0, 80)}\`; without it the response ends`);
}

function parseLabel(inQuery: string | null, inPath: string | undefined): string | undefined {
  if (inQuery === null) return inPath;
  if (inQuery === "") throw invalid("label", "`label` must not be empty; leave it out for all outputs");
  if (inPath === undefined || inPath === inQuery) return inQuery;
  throw invalid("label", `\`label\` is \`${inQuery.slice(0, 80)}\`, but the path has \`${inPath}\`; use one of them`);
}

function parseLimit(text: string | null): number {
  if (text === null) return defaultLimit;
  const limit = parseWhole(text, "limit");
  if (limit <= maxLimit) return limit;
  throw invalid("limit", `\`limit\` is ${limit}; at most ${maxLimit} lines are returned, continue with \`since\``);
}

function parsePlace(text: string, field: "since" | "until", nowMs: number): SearchPlace {
  if (!looksLikeStreamId(text)) return { kind: "time", unixMs: parseTime(text, nowMs, field) };
  const start = parseStreamId(text, field);
  return { kind: "position", position: start.kind === "resume" ? start.position : unknownPosition };
}

/** The position of an id of an earlier version: nothing on disk belongs to it. */
const unknownPosition: StreamPosition = {
  boot: "r",
  serial: 0,
  order: 0,
  floor: 0,
  spawnFloor: 0,
  given: 0,
  scope: 0,
  ahead: [],
  piece: undefined,
  hasGaps: false,
};

function invalid(field: string, message: string): GafferdError {
  return new GafferdError("bad_value", message, { field });
}
