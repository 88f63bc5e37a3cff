import { currentMoment } from "../../moment.ts";
import { Elysia } from "elysia";
import type { Journal } from "../../journal/journal.ts";
import type { Logger } from "../../log.ts";
import type { Manager } from "../../manager/manager.ts";
import type { OutputReaderOptions } from "../../reading/output-reader.ts";
import { NamedReaders } from "../../reading/named-readers.ts";
import { type OutputSource, processSource, templateSource } from "../../reading/output-source.ts";
import { isReadToEnd } from "../../reading/output-start.ts";
import type { ProcessTemplate } from "../../template/template.ts";
import { answerFeed } from "../feed/answer-feed.ts";
import { findReader } from "./find-reader.ts";
import { createNamedReader } from "./named-reader.ts";
import { answerLongpoll } from "./longpoll.ts";
import { createEventEncoder, createRawEncoder } from "./output-encoder.ts";
import { OutputFeed } from "./output-feed.ts";
import { type OutputQuery, parseOutputQuery } from "./output-query.ts";
import { parseWhole } from "../operation/query.ts";
import { findByName } from "../operation/target.ts";
import { assertReadable } from "./assert-readable.ts";
import { admitStream } from "../feed/admit-stream.ts";

export interface StreamRoutesOptions {
  readonly manager: Manager;
  /** Undefined if no output is ever kept on disk. */
  readonly journal: Journal | undefined;
  readonly log: Logger;
}

/** `/streams`: output of processes and templates. */
export function streamRoutes({ manager, journal, log }: StreamRoutesOptions) {
  const readers = new NamedReaders();
  return new Elysia({ name: "streams" })
    .get("/streams/:target", ({ request, params }) => answer(request, params.target))
    .get("/streams/:target/:label", ({ request, params }) => answer(request, params.target, params.label));

  async function answer(request: Request, target: string, label?: string): Promise<Response> {
    const query = parseOutputQuery(queryOf(request), request.headers.get("last-event-id"), currentMoment());
    const { source, template } = sourceOf(target);
    assertReadable(template, label, target);
    // 204 stops a client that reconnects after it has read everything, as `EventSource` in a browser does.
    const isFinished = !source.isOpen || (query.follow === "until-exit" && source.isAtRest);
    if (isFinished && isReadToEnd(source, query.start)) return new Response(null, { status: 204 });
    admitStream(request);
    const { feed, format, heartbeatMs, follow } = query;
    // `HEAD` comes as a request that is aborted from the start.
    const wasAborted = request.signal.aborted;
    const readerOptions = readerOptionsOf(query, label);
    const { name } = template;
    const { losslessTimeoutMs: timeoutMs } = template;
    const named =
      query.reader === undefined
        ? undefined
        : createNamedReader({ readers, name: query.reader, source, label, start: query.start, timeoutMs });
    const wanted = named?.start ?? query.start;
    const found = findReader({ name, source, start: wanted, readerOptions, journal, log });
    const reader = found instanceof Promise ? await found : found;
    // The client left during the search.
    if (request.signal.aborted && !wasAborted) {
      reader.abandon();
      return new Response(null);
    }
    const { start, open: openReader } = reader;
    if (feed === "longpoll") return answerLongpoll(source, openReader, query, request.signal, named);
    const encoder =
      feed === "eventsource"
        ? createEventEncoder(format)
        : createRawEncoder(format, query.lossless ? "held" : "copied");
    return answerFeed(request, {
      feed,
      format,
      heartbeatMs,
      open: (wake) => new OutputFeed({ source, openReader, start, label, encoder, follow, wake, named }),
      log,
    });
  }

  function sourceOf(target: string): { source: OutputSource; template: ProcessTemplate } {
    if (/^\d+$/.test(target)) {
      const { supervisor, process } = manager.findProcess(parseWhole(target, "pid"));
      return { source: processSource(supervisor, process), template: process.template };
    }
    const supervisor = findByName(manager, target);
    return { source: templateSource(supervisor), template: supervisor.template };
  }
}

function queryOf(request: Request): URLSearchParams {
  return new URL(request.url).searchParams;
}

/** Keeps lines whole if several outputs are merged or converted to text. One raw output is read as bytes. */
function readerOptionsOf(
  query: OutputQuery,
  label: string | undefined,
): Omit<OutputReaderOptions, "start" | "onReady"> {
  const isRaw = query.format === "text" && query.feed !== "eventsource" && label !== undefined;
  return {
    unit: isRaw || query.format === "base64" ? "bytes" : "lines",
    byArrival: query.format === "json",
    lossless: query.lossless,
    keepsBehind: query.reader !== undefined,
    holdsTaken: query.feed === "continuous",
    ...(label === undefined ? {} : { label }),
  };
}
