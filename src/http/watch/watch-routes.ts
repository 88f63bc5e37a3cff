import { currentMoment, toSteadyMs } from "../../moment.ts";
import { Elysia } from "elysia";
import type { EventBus } from "../../events/bus.ts";
import type { Logger } from "../../log.ts";
import { EventReader, type EventStart } from "../../events/event-reader.ts";
import { type EventPattern, parsePattern } from "../../events/pattern.ts";
import { toEventDocument } from "../../documents/event-document.ts";
import { EventFeed, eventLineEncoder, eventStreamEncoder } from "./event-feed.ts";
import { formatEventId, parseEventId } from "./event-id.ts";
import { WakeThrottle } from "./wake-throttle.ts";
import type { Leases } from "../../leases/leases.ts";
import { leaseParameter, withLease } from "../feed/held-lease.ts";
import { answerFeed } from "../feed/answer-feed.ts";
import { defaultHeartbeatMs, feedParameters, parseHeartbeat, parseTime } from "../feed/feed-query.ts";
import type { Parameter } from "../operation/parameter.ts";
import { looksLikeStreamId } from "../feed/stream-id.ts";
import { admitStream } from "../feed/admit-stream.ts";
import { Waiter } from "../feed/waiter.ts";

export interface WatchRoutesOptions {
  readonly bus: EventBus;
  readonly leases: Leases;
  readonly log: Logger;
}

/** Query parameters of `/watch`. */
export const watchParameters = {
  feed: {
    ...feedParameters.feed,
    description:
      "`longpoll` waits for one event and returns it. `continuous` sends one line of JSON per event. `eventsource` sends server-sent events whose name is the event type.",
  },
  heartbeat: {
    ...feedParameters.heartbeat,
    description:
      "If nothing was sent for this many seconds, an empty line is sent (a comment with `eventsource`). `true` means 15, `false` disables the heartbeat. A `longpoll` request returns 204 after this time.",
  },
  since: {
    ...feedParameters.since,
    description:
      "Start after this ID (from an event or from `X-Gaffer-Next`), or at a time: an age (`10s`, `5m`) or an RFC 3339 time. gafferd keeps the last 10,000 events, those of earlier runs too; without its store, the last 1,000 of this run. Default: only new events.",
  },
  lease: leaseParameter,
} as const satisfies Record<string, Parameter>;

/** `/watch`: all events, or those that match a pattern. */
export function watchRoutes({ bus, leases, log }: WatchRoutesOptions) {
  const throttle = new WakeThrottle();
  return new Elysia({ name: "watch" })
    .get("/watch", ({ request }) => answer(request, []))
    .get("/watch/:p1", ({ request, params }) => answer(request, [params.p1]))
    .get("/watch/:p1/:p2", ({ request, params }) => answer(request, [params.p1, params.p2]))
    .get("/watch/:p1/:p2/:p3", ({ request, params }) => answer(request, [params.p1, params.p2, params.p3]));

  function answer(request: Request, parts: readonly string[]): Response | Promise<Response> {
    const query = new URL(request.url).searchParams;
    const pattern = parsePattern(parts);
    const feed = watchParameters.feed.read(query);
    const heartbeatMs = parseHeartbeat(query.get(watchParameters.heartbeat.name), defaultHeartbeatMs);
    const start = parseStart(query.get(watchParameters.since.name), request.headers.get("last-event-id"));
    admitStream(request);
    if (feed === "longpoll") {
      const { signal } = request;
      return withLease(request, leases, () => answerOne({ pattern, start, heartbeatMs, signal }));
    }
    const encoder = feed === "eventsource" ? eventStreamEncoder : eventLineEncoder;
    return answerFeed(request, {
      feed,
      format: "json",
      heartbeatMs,
      open: (wake) => new EventFeed(bus, { pattern, start, encoder, throttle, wake }),
      leases,
      log,
    });
  }

  function parseStart(since: string | null, lastEventId: string | null): EventStart {
    if (lastEventId) return parseEventId(lastEventId, bus);
    if (since === null) return { kind: "now" };
    if (looksLikeStreamId(since)) return parseEventId(since, bus);
    const now = currentMoment();
    const unixMs = parseTime(since, now.unixMs);
    return { kind: "since", steadyMs: toSteadyMs(unixMs, now), unixMs };
  }

  /** Waits for one event. Answers 204 after the heartbeat time, before proxies time out. */
  async function answerOne({ pattern, start, heartbeatMs, signal }: LongpollOptions): Promise<Response> {
    const waiter = new Waiter(signal);
    const reader = new EventReader(bus, { pattern, start, onReady: () => waiter.wake() });
    const deadlineMs = performance.now() + (heartbeatMs ?? Infinity);
    let missed: Record<string, string> = {};
    try {
      for (;;) {
        const item = reader.next();
        const next = { "x-gaffer-next": formatEventId(reader.position) };
        if (item?.kind === "gap") missed = { "x-gaffer-gap": String(item.events ?? "unknown") };
        else if (item !== undefined)
          return Response.json(toEventDocument(item.event, item.position.boot), { headers: { ...next, ...missed } });
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
  readonly heartbeatMs: number | undefined;
  readonly signal: AbortSignal;
}
