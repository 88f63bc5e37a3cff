import type { LogGapDocument, LogGapLineDocument, LogLineDocument } from "../documents/log-schemas.ts";
import { type ConnectionState, followEvents } from "./follow.ts";
import { createIteration } from "./iteration.ts";
import { heartbeatSeconds, silenceMs, toSince } from "./stream-query.ts";
import type { Transport } from "./transport.ts";

export interface LogOptions {
  /** Only the outputs with this label. Default: all. */
  readonly label?: string;
  /** Only the process with this pid. */
  readonly pid?: number;
  /** Only lines after the item with this `id`, or from an age (`"5m"`) or a time on. */
  readonly since?: string | Date;
  /** Only lines up to the item with this `id`, an age or a time. Not with `follow`. */
  readonly until?: string | Date;
  /** The most lines: those directly after `since`, or else the newest. Default 1,000. */
  readonly limit?: number;
  /** Only lines that contain this text; with `regex`, lines that match this regular expression (RE2). */
  readonly grep?: string;
  readonly regex?: boolean;
  readonly ignoreCase?: boolean;
  /** Which line comes first. Default `oldest`. `newest` not with `follow`. */
  readonly order?: "oldest" | "newest";
  /** After the stored lines, each line as it is written, without an end. Reconnects automatically. Default `false`. */
  readonly follow?: boolean;
  /** Ends the iteration, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** With `follow`: called when the client is connected, and when the connection is lost and it reconnects. */
  readonly onConnection?: (state: ConnectionState) => void;
}

/** What all items have. */
interface LogPlace {
  /** The name of the template. */
  readonly name: string;
  /** The run of gafferd that received the output. */
  readonly boot: string;
  /** When its last byte arrived (RFC 3339). */
  readonly time: string;
  /** Pass it as `since` to continue after this item, in `logs` or in `tail`. */
  readonly id: string;
}

export type LogEntry =
  /** A line, without its line end. Bytes that are not UTF-8 become U+FFFD. */
  | (LogPlace & {
      readonly type: "line";
      readonly pid: number;
      readonly label: string;
      readonly text: string;
      /** The line has no end yet, its end is missing, or the next item continues it. */
      readonly partial?: true;
    })
  /** Output that is not on disk. What is null or absent is unknown. */
  | (LogPlace & {
      readonly type: "gap";
      readonly pid?: number;
      readonly label?: string;
      readonly bytes: number | null;
      readonly from: number | null;
      readonly to: number | null;
      readonly reason: LogGapDocument["reason"];
    });

/** See `Client.logs`. */
export function logs(
  transport: Transport,
  name: string | undefined,
  options: LogOptions,
): AsyncIterableIterator<LogEntry, void> {
  const { follow = false, signal, onConnection } = options;
  const path = ["logs", ...(name === undefined ? [] : [name])];
  const query = toQuery(options);
  return createIteration(async function* (ended) {
    if (!follow) {
      const response = await transport.send("GET", path, { query, signal: ended });
      for await (const line of linesOf(response, ended)) yield toEntry(JSON.parse(line) as LogLineDocument);
      return;
    }
    const fixed = { ...query, feed: "eventsource", heartbeat: heartbeatSeconds };
    const events = followEvents({
      connect: (lastId, connection) =>
        transport.send("GET", path, {
          query: { ...fixed, ...(lastId !== "" && { since: lastId }) },
          signal: connection,
        }),
      signal: ended,
      silenceMs,
      onConnection,
    });
    for await (const { data } of events) yield toEntry(JSON.parse(data) as LogLineDocument | LogGapDocument);
  }, signal);
}

function toQuery({ label, pid, since, until, limit, grep, regex, ignoreCase, order }: LogOptions) {
  return {
    format: "json",
    label,
    pid,
    since: toSince(since),
    until: toSince(until),
    limit,
    grep,
    regex,
    ignore_case: ignoreCase,
    order,
  };
}

function toEntry(document: LogLineDocument | LogGapDocument | LogGapLineDocument): LogEntry {
  if ("gap" in document) {
    const { gap, ...place } = document;
    return toEntry({ ...place, ...gap });
  }
  if ("data" in document) {
    const { data: text, stream: label, partial, ...rest } = document;
    return { type: "line", ...rest, label, text, ...(partial && { partial }) };
  }
  const { stream, ...rest } = document;
  return { type: "gap", ...rest, ...(stream !== undefined && { label: stream }) };
}

/** The lines of a response. Empty ones are heartbeats. */
async function* linesOf({ body }: Response, signal: AbortSignal): AsyncGenerator<string, void> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line !== "") yield line;
        if (signal.aborted) return;
      }
      if (done) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
