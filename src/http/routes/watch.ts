import { Elysia } from "elysia";
import type { EventBus } from "../../events/bus.ts";
import { EventReader, type EventStart } from "../../events/event-reader.ts";
import { type EventPattern, parsePattern } from "../../events/pattern.ts";
import { toEventDocument } from "../event-document.ts";
import { EventFeed, encodeEventFrame, encodeEventLine } from "../event-feed.ts";
import { formatEventId, parseEventId } from "../event-id.ts";
import { createFeed } from "../feed.ts";
import { eventHeaders, rawHeaders } from "../output-headers.ts";
import { defaultHeartbeatMs, parseFeed, parseHeartbeat, parseTime } from "../output-query.ts";
import { looksLikeStreamId } from "../stream-id.ts";
import { commentLine } from "../sse.ts";
import { Waiter } from "../waiter.ts";

export interface WatchRoutesOptions {
  readonly bus: EventBus;
  /** Lifts the idle timeout of a request's connection: nothing may happen for long. */
  readonly keepOpen: (request: Request) => void;
}

const emptyLine = Buffer.from("\n");

/** `/watch`: events, all or those of a pattern. */
export function watchRoutes({ bus, keepOpen }: WatchRoutesOptions) {
  return new Elysia({ name: "watch" })
    .get("/watch", ({ request }) => answer(request, []))
    .get("/watch/:p1", ({ request, params }) => answer(request, [params.p1]))
    .get("/watch/:p1/:p2", ({ request, params }) => answer(request, [params.p1, params.p2]))
    .get("/watch/:p1/:p2/:p3", ({ request, params }) => answer(request, [params.p1, params.p2, params.p3]));

  function answer(request: Request, parts: readonly string[]): Response | Promise<Response> {
    const query = new URL(request.url).searchParams;
    const pattern = parsePattern(parts);
    const feed = parseFeed(query);
    const everyMs = parseHeartbeat(query.get("heartbeat"), defaultHeartbeatMs);
    const start = parseStart(query.get("since"), request.headers.get("last-event-id"));
    keepOpen(request);
    if (feed === "longpoll") return answerOne({ pattern, start, everyMs, signal: request.signal });
    const isEvents = feed === "eventsource";
    const encode = isEvents ? encodeEventFrame : encodeEventLine;
    const silence = isEvents ? commentLine : emptyLine;
    const body = createFeed({
      open: (wake) => new EventFeed(bus, { pattern, start, encode, wake }),
      heartbeat: everyMs === undefined ? undefined : { everyMs, bytes: silence },
      greeting: silence,
    });
    return new Response(body, { headers: isEvents ? eventHeaders() : rawHeaders("json") });
  }

  function parseStart(since: string | null, lastEventId: string | null): EventStart {
    if (lastEventId) return parseEventId(lastEventId, bus);
    if (since === null) return { kind: "now" };
    if (looksLikeStreamId(since)) return parseEventId(since, bus);
    return { kind: "since", timeMs: parseTime(since, Date.now()) };
  }

  /** Waits for one event; 204 after the heartbeat's time, so that no proxy loses patience. */
  async function answerOne({ pattern, start, everyMs, signal }: LongpollOptions): Promise<Response> {
    const waiter = new Waiter(signal);
    const reader = new EventReader(bus, { pattern, start, onReady: () => waiter.wake() });
    const deadlineMs = performance.now() + (everyMs ?? Infinity);
    let missed: Record<string, string> = {};
    try {
      for (;;) {
        const item = reader.next();
        const next = { "x-gaffer-next": formatEventId(reader.position) };
        if (item?.kind === "gap") missed = { "x-gaffer-gap": String(item.events ?? "unknown") };
        else if (item !== undefined)
          return Response.json(toEventDocument(item.event), { headers: { ...next, ...missed } });
        else if (reader.ended || signal.aborted || performance.now() >= deadlineMs) {
          return new Response(null, { status: 204, headers: { ...next, ...missed } });
        } else await waiter.wait(deadlineMs - performance.now());
      }
    } finally {
      waiter.close();
      reader.close();
    }
  }
}

interface LongpollOptions {
  readonly pattern: EventPattern;
  readonly start: EventStart;
  /** The heartbeat's time. */
  readonly everyMs: number | undefined;
  readonly signal: AbortSignal;
}
