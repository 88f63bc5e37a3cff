import { currentMoment } from "../../moment.ts";
import { Elysia } from "elysia";
import type { Journal } from "../../journal/journal.ts";
import type { Logger } from "../../log.ts";
import type { Manager } from "../../manager/manager.ts";
import type { OutputReaderOptions } from "../../reading/output-reader.ts";
import { type OutputSource, processSource, templateSource } from "../../reading/output-source.ts";
import { isReadToEnd } from "../../reading/output-start.ts";
import type { ProcessTemplate } from "../../template/template.ts";
import { answerFeed } from "../feed/answer-feed.ts";
import { findReader } from "./find-reader.ts";
import { answerLongpoll } from "./longpoll.ts";
import { createEventEncoder, createRawEncoder } from "./output-encoder.ts";
import { OutputFeed } from "./output-feed.ts";
import { type OutputQuery, parseOutputQuery } from "./output-query.ts";
import { flag } from "../operation/parameter.ts";
import { parseWhole } from "../operation/query.ts";
import { keepOpen } from "../listen/connection.ts";
import { findByName, findOneProcess } from "../operation/target.ts";
import { assertReadable } from "./assert-readable.ts";
import { writeBody } from "./stdin-body.ts";
import { admitStream } from "../feed/admit-stream.ts";

export interface StreamRoutesOptions {
  readonly manager: Manager;
  /** Undefined if no output is ever kept on disk. */
  readonly journal: Journal | undefined;
  readonly log: Logger;
}

/** Query parameters of `POST /streams/:pid/stdin`. */
export const inputParameters = {
  eof: flag("eof", false, "`true`: close stdin after the body."),
} as const;

/** `/streams`: output of processes and templates, and input of processes. */
export function streamRoutes({ manager, journal, log }: StreamRoutesOptions) {
  return new Elysia({ name: "streams" })
    .get("/streams/:target", ({ request, params }) => answer(request, params.target))
    .get("/streams/:target/:label", ({ request, params }) => answer(request, params.target, params.label))
    .post(
      "/streams/:target/stdin",
      async ({ request, params }) => {
        keepOpen(request);
        const { process } = findOneProcess(manager, params.target);
        const eof = inputParameters.eof.read(queryOf(request));
        const bytes = await writeBody(request, process, { eof });
        return { ok: true, bytes };
      },
      { parse: "none" },
    );

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
    const found = findReader({ name, source, start: query.start, readerOptions, journal, log });
    const reader = found instanceof Promise ? await found : found;
    // The client left during the search.
    if (request.signal.aborted && !wasAborted) {
      reader.abandon();
      return new Response(null);
    }
    const { start, open: openReader } = reader;
    if (feed === "longpoll") return answerLongpoll(source, openReader, query, request.signal);
    const encoder =
      feed === "eventsource"
        ? createEventEncoder(format)
        : createRawEncoder(format, query.lossless ? "held" : "copied");
    return answerFeed(request, {
      feed,
      format,
      heartbeatMs,
      open: (wake) => new OutputFeed({ source, openReader, start, label, encoder, follow, wake }),
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
    holdsTaken: query.feed === "continuous",
    ...(label === undefined ? {} : { label }),
  };
}
