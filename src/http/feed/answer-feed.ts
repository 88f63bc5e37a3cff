import type { Logger } from "../../log.ts";
import { markAsStream, connectionOf } from "../listen/connection.ts";
import { Feed, type FeedSource } from "./feed.ts";
import { eventHeaders, rawHeaders } from "./feed-headers.ts";
import type { FeedFormat, FeedKind } from "./feed-query.ts";
import { commentLine } from "./sse.ts";

export interface FeedAnswer {
  readonly feed: Exclude<FeedKind, "longpoll">;
  /** The format of a `continuous` feed. */
  readonly format: FeedFormat;
  /** Undefined for no heartbeat. */
  readonly heartbeatMs: number | undefined;
  /** Creates the source, which calls `wake` when it may have data. `wake` returns at once. */
  readonly open: (wake: () => void) => FeedSource;
  readonly log: Logger;
}

const emptyLine = Buffer.from("\n");

/** Answers with a stream. Call `admitStream` first. Throws what `open` throws. */
export function answerFeed(request: Request, { feed, format, heartbeatMs, open, log }: FeedAnswer): Response {
  const isEvents = feed === "eventsource";
  // An empty line makes Bun send the headers. Line readers skip it, as they skip heartbeats.
  const isLines = !isEvents && format !== "text";
  const greeting = isLines && connectionOf(request)?.mayDelayHeaders ? emptyLine : undefined;
  let source: FeedSource | undefined;
  const body = new Feed({
    open: (wake) => (source = open(wake)),
    greeting,
    heartbeat:
      heartbeatMs === undefined ? undefined : { everyMs: heartbeatMs, bytes: isEvents ? commentLine : emptyLine },
    onAbort: (reason) => log.warn(`disconnected a reader of ${new URL(request.url).pathname}: ${reason}`),
  });
  // What begins with a byte has its headers at once from Bun, with one descriptor instead of two.
  if (!source?.greeting?.length && greeting === undefined) markAsStream(request, body);
  return new Response(body.toStream(), {
    headers: { ...(isEvents ? eventHeaders() : rawHeaders(format)), ...source?.headers },
  });
}
