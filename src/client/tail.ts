import type { GapDocument, OutputDocument } from "../documents/document-schemas.ts";
import { type ConnectionState, followEvents } from "./follow.ts";
import { createIteration } from "./iteration.ts";
import type { StreamEvent } from "./event-parser.ts";
import { heartbeatSeconds, silenceMs, toSince } from "./stream-query.ts";
import type { Transport } from "./transport.ts";

export interface TailOptions {
  /** One of the template's `redirect_output`. Default: all. */
  readonly label?: string;
  /** Begin after the item of this `id`, at an age (`"5m"`), or at a time. Not with `tail`. */
  readonly since?: string | Date;
  /** Begin so many lines back; 0 is from now on. Default: at the oldest byte that is held. */
  readonly tail?: number;
  /** The process waits for this reader, as at a pipe, for at most its `lossless_timeout`. Default `false`. */
  readonly lossless?: boolean;
  /** Ends the iteration, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears when a connection is there, and when it is lost; then another attempt follows. */
  readonly onConnection?: (state: ConnectionState) => void;
}

export type TailItem =
  /** Output of one process as it came, line ends included. Bytes that are not UTF-8 are U+FFFD. */
  | {
      readonly type: "output";
      readonly pid: number;
      readonly label: string;
      readonly text: string;
      /** The last line of `text` goes on in the next item of this output: it has no end yet, or is longer than 60 KiB. */
      readonly partial?: true;
      /** When its first byte came (RFC 3339). */
      readonly time: string;
      /** Where to go on from, in every item: for `since`, also in a later program. */
      readonly id: string;
    }
  /** Bytes that are no longer held; what is null or absent is not known. */
  | {
      readonly type: "gap";
      readonly pid?: number;
      readonly label?: string;
      readonly bytes: number | null;
      /** Position of the first lost byte among all bytes of the output, and of the first after them. */
      readonly from: number | null;
      readonly to: number | null;
      readonly id: string;
    }
  /** A process that came since; in the stream of a template alone. */
  | { readonly type: "spawn"; readonly pid: number; readonly os_pid: number; readonly id: string }
  /** A process has ended and all its output came before; one of both is null. */
  | {
      readonly type: "exit";
      readonly pid: number;
      readonly exit_status: number | null;
      readonly term_signal: string | null;
      readonly id: string;
    };

/** See `Client.tail`. */
export function tail(
  transport: Transport,
  target: string | number,
  { label, since, tail: lines, lossless, signal, onConnection }: TailOptions,
): AsyncIterableIterator<TailItem, void> {
  const path = ["streams", target, ...(label === undefined ? [] : [label])];
  const start = { since: toSince(since), tail: lines };
  // As JSON, in which an output's text is exact and its label cannot be taken for one of our events.
  const fixed = { feed: "eventsource", format: "json", heartbeat: heartbeatSeconds, lossless };
  return createIteration(async function* (ended) {
    const events = followEvents({
      connect: (lastId, connection) =>
        transport.send("GET", path, {
          // Not as `Last-Event-ID`, about which a browser would have to ask first.
          query: { ...fixed, ...(lastId === "" ? start : { since: lastId }) },
          signal: connection,
        }),
      signal: ended,
      silenceMs,
      onConnection,
    });
    for await (const event of events) {
      const item = toItem(event);
      if (item === undefined) continue;
      yield item;
      if (item.type === "exit" && isPid(target)) return;
    }
  }, signal);
}

/** As the stream holds them. */
type SpawnDocument = Omit<Extract<TailItem, { type: "spawn" }>, "type" | "id">;
type ExitDocument = Omit<Extract<TailItem, { type: "exit" }>, "type" | "id">;

/** Undefined for an event that a later gafferd may send. */
function toItem({ event, data, id }: StreamEvent): TailItem | undefined {
  const document: unknown = JSON.parse(data);
  // Known by its data: the event has the name of the output.
  if (isOutput(document)) {
    const { pid, stream, data: text, time, partial } = document;
    return { type: "output", pid, label: stream, text, ...(partial && { partial }), time, id };
  }
  if (event === "gap") {
    const { stream, ...rest } = document as GapDocument;
    return { type: "gap", ...rest, ...(stream !== undefined && { label: stream }), id };
  }
  if (event === "spawn") return { type: "spawn", ...(document as SpawnDocument), id };
  if (event === "exit") return { type: "exit", ...(document as ExitDocument), id };
  return undefined;
}

function isOutput(document: unknown): document is OutputDocument {
  return typeof document === "object" && document !== null && "data" in document;
}

function isPid(target: string | number): boolean {
  return /^\d+$/.test(String(target));
}
