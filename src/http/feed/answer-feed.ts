import type { Logger } from "../../log.ts";
import { markAsStream, connectionOf } from "../listen/connection.ts";
import { Feed, type FeedSource } from "./feed.ts";
import { eventHeaders, rawHeaders } from "./feed-headers.ts";
import { defaultHeartbeatMs, type FeedFormat, type FeedKind } from "./feed-query.ts";
import { ClientPresence } from "./client-presence.ts";
import { holdLease } from "./held-lease.ts";
import { commentLine } from "./sse.ts";
import type { Leases } from "../../leases/leases.ts";

export interface FeedAnswer {
  readonly feed: Exclude<FeedKind, "longpoll">;
  /** The format of a `continuous` feed. */
  readonly format: FeedFormat;
  /** Undefined for no heartbeat. */
  readonly heartbeatMs: number | undefined;
  /** Creates the source, which calls `wake` when it may have data. `wake` returns at once. */
  readonly open: (wake: () => void) => FeedSource;
  /** The leases that the request may hold. */
  readonly leases: Leases;
  readonly log: Logger;
}

const emptyLine = Buffer.from("\n");
/** A client that is connected and does not read has room for so much that small heartbeats would take days to fill it. */
const fillerBytes = 4096;
const longCommentLine = Buffer.from(`:${" ".repeat(fillerBytes)}\n\n`);
const emptyLines = Buffer.alloc(fillerBytes, "\n");

/**
 * Answers with a stream, which holds the lease that the request names. Call `admitStream` first. Throws `not_found` if there
 * is no such lease, and what `open` throws.
 */
export function answerFeed(request: Request, answer: FeedAnswer): Response {
  const presence = new ClientPresence();
  const release = holdLease(request, answer.leases, presence);
  if (release === undefined) return answerWith(request, answer);
  try {
    return answerWith(request, answer, { presence, release });
  } catch (error) {
    release();
    throw error;
  }
}

interface Holding {
  readonly presence: ClientPresence;
  readonly release: () => void;
}

function answerWith(request: Request, answer: FeedAnswer, holding?: Holding): Response {
  const { feed, format, open, log } = answer;
  const isEvents = feed === "eventsource";
  // An empty line makes Bun send the headers. Line readers skip it, as they skip heartbeats.
  const isLines = !isEvents && format !== "text";
  const greeting = isLines && connectionOf(request)?.mayDelayHeaders ? emptyLine : undefined;
  let source: FeedSource | undefined;
  const body = new Feed({
    open: (wake) => (source = open(wake)),
    greeting,
    heartbeat: heartbeatOf(answer, holding !== undefined),
    presence: holding?.presence,
    onClose: holding?.release,
    onAbort: (reason) => log.warn(`disconnected a reader of ${new URL(request.url).pathname}: ${reason}`),
  });
  // What begins with a byte has its headers at once from Bun, with one descriptor instead of two.
  if (holding !== undefined || (!source?.greeting?.length && greeting === undefined)) markAsStream(request, body);
  return new Response(body.toStream(), {
    headers: { ...(isEvents ? eventHeaders() : rawHeaders(format)), ...source?.headers },
  });
}

function heartbeatOf({ feed, format, heartbeatMs }: FeedAnswer, isHolding: boolean) {
  const isEvents = feed === "eventsource";
  const isRaw = !isEvents && format === "text";
  if (isHolding && !isRaw) {
    // They are how a client is noticed that does not read, so they cannot be disabled.
    const everyMs = Math.min(heartbeatMs ?? Infinity, defaultHeartbeatMs);
    return { everyMs, bytes: isEvents ? longCommentLine : emptyLines };
  }
  return heartbeatMs === undefined ? undefined : { everyMs: heartbeatMs, bytes: isEvents ? commentLine : emptyLine };
}
