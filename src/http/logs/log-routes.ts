import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import type { EventBus } from "../../events/bus.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Leases } from "../../leases/leases.ts";
import type { Logger } from "../../log.ts";
import type { Manager } from "../../manager/manager.ts";
import { admitStream } from "../feed/admit-stream.ts";
import { answerFeed } from "../feed/answer-feed.ts";
import { commentLine } from "../feed/sse.ts";
import { findTemplate } from "../operation/target.ts";
import { parseLogQuery } from "./log-query.ts";

export interface LogRoutesOptions {
  readonly manager: Manager;
  readonly bus: EventBus;
  /** Undefined if no output is ever kept on disk. */
  readonly journal: Journal | undefined;
  readonly leases: Leases;
  readonly log: Logger;
}

const nothing = new Uint8Array(0);

/** `/logs`: search of the output that is kept on disk. */
export function logRoutes({ manager, bus, journal, leases, log }: LogRoutesOptions) {
  return new Elysia({ name: "logs" })
    .get("/logs", ({ request }) => answer(request))
    .get("/logs/:name", ({ request, params }) => answer(request, params.name))
    .get("/logs/:name/:label", ({ request, params }) => answer(request, params.name, params.label));

  async function answer(request: Request, name?: string, label?: string): Promise<Response> {
    const lastEventId = request.headers.get("last-event-id");
    const query = parseLogQuery(new URL(request.url).searchParams, { label, lastEventId, nowMs: Date.now() });
    const kept = assertKept(name);
    const { createMatcher, LogReader, logEncoder, LogFeed } = await loadSearch();
    const matcher = createMatcher(query.grep);
    admitStream(request);
    // `HEAD` comes as a request that is aborted from the start.
    const wasAborted = request.signal.aborted;
    const items = await LogReader.open({ journal: kept, bus, name, query: { ...query, matcher }, log });
    // The client left meanwhile.
    if (request.signal.aborted && !wasAborted) {
      await items.close();
      return new Response(null);
    }
    const { format, follow: isEvents, heartbeatMs } = query;
    const encode = logEncoder({ format, isEvents });
    const greeting = isEvents ? commentLine : nothing;
    try {
      return answerFeed(request, {
        feed: isEvents ? "eventsource" : "continuous",
        format,
        heartbeatMs,
        open: (wake) => new LogFeed({ items, encode, greeting, wake, log }),
        leases,
        log,
      });
    } catch (error) {
      await items.close();
      throw error;
    }
  }

  /** Throws `not_found` if no output of this template, or of any, is or will be kept. */
  function assertKept(name: string | undefined): Journal {
    const keeps = (each: string) => manager.get(each).template.outputKeep !== undefined;
    if (name === undefined) {
      if (journal !== undefined && (journal.names().length > 0 || manager.names().some(keeps))) return journal;
      throw new GafferdError(
        "not_found",
        "no output is kept on disk: set `output_keep = 64m` (a size, an age such as `7d`, or both) in a template; GET /streams/:name has the output in memory",
      );
    }
    if (journal?.find(name) !== undefined) return journal;
    const { template } = findTemplate(manager, name);
    if (journal !== undefined && template.outputKeep !== undefined) return journal;
    throw new GafferdError(
      "not_found",
      `the output of \`${name}\` is not kept on disk: set \`output_keep = 64m\` (a size, an age such as \`7d\`, or both) in its template; GET /streams/${name} has the output in memory`,
    );
  }
}

/** Loads the code of the search when it is first used: the engine of regular expressions is large. */
async function loadSearch() {
  const [grep, reader, encoder, feed] = await Promise.all([
    import("../../logs/matching/grep.ts"),
    import("../../logs/log-reader.ts"),
    import("./log-encoder.ts"),
    import("./log-feed.ts"),
  ]);
  return { ...grep, ...reader, ...encoder, ...feed };
}
