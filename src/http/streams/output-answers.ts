import type { Journal } from "../../journal/journal.ts";
import type { Leases } from "../../leases/leases.ts";
import type { Logger } from "../../log.ts";
import { currentMoment } from "../../moment.ts";
import { goneSource } from "../../reading/gone-source.ts";
import { NamedReaders } from "../../reading/named-readers.ts";
import type { OutputReaderOptions } from "../../reading/output-reader.ts";
import type { OutputSource } from "../../reading/output-source.ts";
import { isReadToEnd } from "../../reading/output-start.ts";
import type { ProcessTemplate } from "../../template/template.ts";
import { admitStream } from "../feed/admit-stream.ts";
import { answerFeed } from "../feed/answer-feed.ts";
import { withLease } from "../feed/held-lease.ts";
import { assertReadable } from "./assert-readable.ts";
import { findKeptReader, findReader, type FoundReader } from "./find-reader.ts";
import { answerLongpoll } from "./longpoll.ts";
import { createNamedReader, type NamedReader } from "./named-reader.ts";
import { createEventEncoder, createRawEncoder, type EventEncoding } from "./output-encoder.ts";
import { OutputFeed } from "./output-feed.ts";
import { type OutputQuery, parseOutputQuery } from "./output-query.ts";

/** Output that a request reads. */
export interface ReadOutput {
  readonly source: OutputSource;
  readonly template: ProcessTemplate;
  /** The pid or the name, for messages. */
  readonly target: string;
  /** Undefined: all outputs. */
  readonly label?: string;
  /** How a feed of server-sent events begins and ends. Default: as described in `/streams`. */
  readonly encoding?: EventEncoding;
}

/** Output on disk. */
export interface KeptTarget {
  /** The name of the process: `run~ID`. */
  readonly name: string;
  /** Undefined: all outputs. */
  readonly label: string | undefined;
}

interface SentOutput extends Pick<ReadOutput, "source" | "label"> {
  readonly reader: FoundReader;
  readonly encoding?: EventEncoding | undefined;
  readonly named?: NamedReader | undefined;
}

export interface OutputAnswersOptions {
  /** Undefined if no output is ever kept on disk. */
  readonly journal: Journal | undefined;
  readonly leases: Leases;
  readonly log: Logger;
}

/** Answers requests for output. All routes share it, because they share the names of readers. */
export class OutputAnswers {
  readonly #options: OutputAnswersOptions;
  readonly #readers = new NamedReaders();

  constructor(options: OutputAnswersOptions) {
    this.#options = options;
  }

  /** Throws what `answer` would throw, for a process that is not started yet. */
  assertAnswerable(request: Request, { template, target }: Pick<ReadOutput, "template" | "target">): void {
    parseQuery(request);
    assertReadable(template, undefined, target);
    admitStream(request);
  }

  /** Throws `bad_value`, `io_not_redirected`, `io_not_found` and `overloaded`. */
  async answer(request: Request, { source, template, target, label, encoding }: ReadOutput): Promise<Response> {
    const query = parseQuery(request);
    assertReadable(template, label, target);
    // 204 stops a client that reconnects after it has read everything, as `EventSource` in a browser does.
    const isFinished = !source.isOpen || (query.follow === "until-exit" && source.isAtRest);
    if (isFinished && isReadToEnd(source, query.start)) return new Response(null, { status: 204 });
    admitStream(request);
    // `HEAD` comes as a request that is aborted from the start.
    const wasAborted = request.signal.aborted;
    const { name, losslessTimeoutMs: timeoutMs } = template;
    const readers = this.#readers;
    const named =
      query.reader === undefined
        ? undefined
        : createNamedReader({ readers, name: query.reader, source, label, start: query.start, timeoutMs });
    const wanted = named?.start ?? query.start;
    const readerOptions = readerOptionsOf(query, label);
    const { journal, log } = this.#options;
    const found = findReader({ name, source, start: wanted, readerOptions, journal, log });
    const reader = found instanceof Promise ? await found : found;
    // The client left during the search.
    if (request.signal.aborted && !wasAborted) {
      reader.abandon();
      return new Response(null);
    }
    return await this.#send(request, query, { source, reader, named, ...(label !== undefined && { label }), encoding });
  }

  /**
   * Answers with output of a process of an earlier gafferd, which is on disk under this name. Undefined if nothing is. Throws
   * `bad_value` and `overloaded`.
   */
  async answerKept(request: Request, { name, label }: KeptTarget): Promise<Response | undefined> {
    const query = parseQuery(request);
    const { journal, log } = this.#options;
    const kept = journal?.find(name);
    if (kept === undefined) return undefined;
    admitStream(request);
    const reader = await findKeptReader({
      name,
      kept,
      start: query.start,
      readerOptions: readerOptionsOf(query, label),
      log,
    });
    if (reader === undefined) return undefined;
    return await this.#send(request, query, { source: goneSource, reader, ...(label !== undefined && { label }) });
  }

  async #send(request: Request, query: OutputQuery, sent: SentOutput): Promise<Response> {
    const { source, label, encoding, reader, named } = sent;
    const { leases, log } = this.#options;
    const { feed, format, heartbeatMs, follow } = query;
    const { start, open: openReader } = reader;
    if (feed === "longpoll") {
      const { signal } = request;
      return await withLease(request, leases, () => answerLongpoll(source, openReader, query, signal, named));
    }
    const encoder =
      feed === "eventsource"
        ? createEventEncoder(format, encoding)
        : createRawEncoder(format, query.lossless ? "held" : "copied");
    return answerFeed(request, {
      feed,
      format,
      heartbeatMs,
      open: (wake) => new OutputFeed({ source, openReader, start, label, encoder, follow, wake, named }),
      leases,
      log,
    });
  }
}

function parseQuery(request: Request): OutputQuery {
  const { searchParams } = new URL(request.url);
  return parseOutputQuery(searchParams, request.headers.get("last-event-id"), currentMoment());
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
