import type { Logger } from "../../log.ts";
import { markAsStream, connectionOf } from "../listen/connection.ts";
import { createFeed, type FeedSource } from "./feed.ts";
import { eventHeaders, rawHeaders } from "./feed-headers.ts";
import type { FeedFormat, FeedKind } from "./feed-query.ts";
import { commentLine } from "./sse.ts";

export interface FeedAnswer {
  readonly feed: Exclude<FeedKind, "longpoll">;
  /** Of a `continuous` feed. */
  readonly format: FeedFormat;
  /** Undefined: none. */
  readonly heartbeatMs: number | undefined;
  /** Makes the source; `wake` is to be called when it may have something, and returns at once. */
  readonly open: (wake: () => void) => FeedSource;
  readonly log: Logger;
}

const emptyLine = Buffer.from("\n");

/** Answers with a stream, after `admitStream`. Throws what `open` throws. */
export function answerFeed(request: Request, { feed, format, heartbeatMs, open, log }: FeedAnswer): Response {
  const isEvents = feed === "eventsource";
  // An empty line carries the headers. Readers of lines skip it, as they skip heartbeats.
  const isLines = !isEvents && format !== "text";
  const greeting = isLines && connectionOf(request)?.mayDelayHeaders ? emptyLine : undefined;
  let source: FeedSource | undefined;
  const body = createFeed({
    open: (wake) => (source = open(wake)),
    greeting,
    heartbeat:
      heartbeatMs === undefined ? undefined : { everyMs: heartbeatMs, bytes: isEvents ? commentLine : emptyLine },
    onBroken: (reason) => log.warn(`a reader of ${new URL(request.url).pathname} was cut off: ${reason}`),
  });
  if (!source?.greeting?.length && greeting === undefined) markAsStream(request);
  return new Response(body, { headers: { ...(isEvents ? eventHeaders() : rawHeaders(format)), ...source?.headers } });
}
