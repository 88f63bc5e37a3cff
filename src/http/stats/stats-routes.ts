import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import type { EventBus } from "../../events/bus.ts";
import type { Logger } from "../../log.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Supervisor } from "../../manager/views.ts";
import { Sampler } from "../../process/usage/sampler.ts";
import type { Leases } from "../../leases/leases.ts";
import { leaseParameter, withLease } from "../feed/held-lease.ts";
import { answerFeed } from "../feed/answer-feed.ts";
import { defaultHeartbeatMs, type FeedKind, feedParameters, parseHeartbeat } from "../feed/feed-query.ts";
import type { Parameter } from "../operation/parameter.ts";
import { keepOpen } from "../listen/connection.ts";
import { parseWhole } from "../operation/query.ts";
import { sharedMs, statsEventEncoder, StatsFeed, statsLineEncoder } from "./stats-feed.ts";
import { admitStream } from "../feed/admit-stream.ts";
import { type StatsSubject, subjectOfAll, subjectOfProcess, subjectOfTemplate } from "./stats-subject.ts";
import { findTemplate } from "../operation/target.ts";
import type { TextAnswer } from "../operation/text-answer.ts";
import { longJsonAnswer } from "../quirks/json-answer.ts";

export interface StatsRoutesOptions {
  readonly manager: Manager;
  /** When the bus closes, streams of all templates end. */
  readonly bus: EventBus;
  readonly leases: Leases;
  readonly log: Logger;
  /** Default: a new sampler. */
  readonly sampler?: Sampler;
}

/** The parsed query of a request: `?feed=eventsource&interval=0.5&heartbeat=false`. */
export interface StatsQuery {
  /** `longpoll` returns one sample immediately. */
  readonly feed: FeedKind;
  readonly intervalMs: number;
  /** Undefined: no heartbeat. */
  readonly heartbeatMs: number | undefined;
}

const shortestIntervalMs = 100;
const longestIntervalMs = 86_400_000;

/** The query parameters of `/stats`. */
export const statsParameters = {
  feed: {
    ...feedParameters.feed,
    description:
      "`longpoll` returns one sample. `continuous` sends one line of JSON per sample. `eventsource` sends one `stats` event (server-sent events) per sample.",
  },
  interval: {
    name: "interval",
    description: "The interval between samples, in seconds.",
    schema: {
      type: "number",
      minimum: shortestIntervalMs / 1000,
      maximum: longestIntervalMs / 1000,
      default: 1,
    },
    examples: ["5", "0.5"],
  },
  heartbeat: {
    ...feedParameters.heartbeat,
    description:
      "If nothing was sent for this many seconds, an empty line is sent (a comment with `eventsource`). `true` means 15, `false` disables the heartbeat.",
  },
  lease: leaseParameter,
} as const satisfies Record<string, Parameter>;

/** `/stats`: the resource usage of processes, once or as a stream of samples. */
export function statsRoutes({ manager, bus, leases, log, sampler = new Sampler() }: StatsRoutesOptions) {
  return new Elysia({ name: "stats" })
    .get("/stats", ({ request }) => answer(request, subjectOfAll(manager, bus)))
    .get("/stats/:name", ({ request, params }) =>
      answer(request, subjectOfTemplate(findObserved(manager, params.name))),
    )
    .get("/stats/:name/:pid", ({ request, params }) =>
      answer(request, findProcess(manager, { name: params.name, pid: params.pid })),
    );

  async function answer(request: Request, subject: StatsSubject): Promise<Response | TextAnswer> {
    const { feed, intervalMs, heartbeatMs } = parseStatsQuery(new URL(request.url).searchParams);
    if (feed === "longpoll") {
      keepOpen(request);
      return await withLease(request, leases, () => answerOnce(subject));
    }
    admitStream(request);
    const encoder = feed === "eventsource" ? statsEventEncoder : statsLineEncoder;
    return answerFeed(request, {
      feed,
      format: "json",
      heartbeatMs,
      open: (wake) => new StatsFeed({ sampler, subject, encoder, intervalMs, wake }),
      leases,
      log,
    });
  }

  async function answerOnce(subject: StatsSubject): Promise<TextAnswer> {
    const document = subject.document(await sampler.sample(subject.processes(), sharedMs));
    if (document !== undefined) return await longJsonAnswer(document);
    throw new GafferdError(
      "not_found",
      "the process has just exited; /processes/NAME/_pids lists the running processes",
    );
  }
}

/** Throws `bad_value` with the name of the parameter in `field`. */
export function parseStatsQuery(query: URLSearchParams): StatsQuery {
  return {
    feed: statsParameters.feed.read(query),
    intervalMs: parseInterval(query.get(statsParameters.interval.name)),
    heartbeatMs: parseHeartbeat(query.get(statsParameters.heartbeat.name), defaultHeartbeatMs),
  };
}

/** Parses seconds to milliseconds; the default is 1 s. Throws `bad_value`. */
function parseInterval(text: string | null): number {
  const ms = text === null ? 1000 : Number(text) * 1000;
  if (text?.trim() !== "" && ms >= shortestIntervalMs && ms <= longestIntervalMs) return ms;
  throw new GafferdError("bad_value", `\`interval\` must be 0.1 to 86400 seconds, not \`${text}\``, {
    field: "interval",
  });
}

/** A template, or a run by its name in events. */
function findObserved(manager: Manager, name: string): Supervisor {
  return manager.runs.find(name) ?? findTemplate(manager, name);
}

/** Throws `not_found` if the template has no running process with this pid. */
function findProcess(manager: Manager, { name, pid }: { name: string; pid: string }): StatsSubject {
  const supervisor = findObserved(manager, name);
  const id = parseWhole(pid, "pid");
  const process = supervisor.processes.find((each) => each.id === id);
  if (process !== undefined) return subjectOfProcess(supervisor, process);
  throw new GafferdError(
    "not_found",
    `\`${name}\` has no running process ${id}; /processes/${name}/_pids lists its running processes`,
  );
}
