import type { GapDocument, OutputDocument } from "../documents/document-schemas.ts";
import { type ConnectionState, followEvents } from "./follow.ts";
import { createIteration } from "./iteration.ts";
import type { StreamEvent } from "./event-parser.ts";
import { heartbeatSeconds, silenceMs, toSince } from "./stream-query.ts";
import type { Transport } from "./transport.ts";

export interface TailOptions {
  /** One of the labels in the template's `redirect_output`. Default: all. */
  readonly label?: string;
  /** Begin after the item with this `id`, at an age (`"5m"`), or at a time. Cannot be combined with `tail`. */
  readonly since?: string | Date;
  /** Begin this many lines back; 0 begins with new output. Default: at the oldest byte that gafferd still has. */
  readonly tail?: number;
  /** Make the process wait for this reader, as with a pipe, at most for its `lossless_timeout`. Default `false`. */
  readonly lossless?: boolean;
  /** Names a lossless reader. The process waits for it also while the connection is broken. */
  readonly reader?: string;
  /** The owner of a lease to hold while the connection is open. */
  readonly lease?: string;
  /** Ends the iteration, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called when the client is connected, and when the connection is lost and it reconnects. */
  readonly onConnection?: (state: ConnectionState) => void;
}

export type TailItem =
  /** Output of one process, unchanged, with line ends. Bytes that are not UTF-8 become U+FFFD. */
  | {
      readonly type: "output";
      readonly pid: number;
      readonly label: string;
      readonly text: string;
      /** The last line of `text` continues in the next item of this output: it has no end yet or is longer than 60 KiB. */
      readonly partial?: true;
      /** When its first byte arrived (RFC 3339). */
      readonly time: string;
      /** In every item: pass it as `since` to continue after this item, also in a later program. */
      readonly id: string;
    }
  /** Bytes that were lost: gafferd no longer has them. What is null or absent is unknown. */
  | {
      readonly type: "gap";
      readonly pid?: number;
      readonly label?: string;
      readonly bytes: number | null;
      /** Position of the first lost byte in the output, and of the first byte after the gap (`to`). */
      readonly from: number | null;
      readonly to: number | null;
      readonly id: string;
    }
  /** A new process. Only in the stream of a template. */
  | { readonly type: "spawn"; readonly pid: number; readonly os_pid: number; readonly id: string }
  /** A process exited, and all its output came before this item. One of `exit_status` and `term_signal` is null. */
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
  options: TailOptions,
): AsyncIterableIterator<TailItem, void> {
  return followOutput(transport, ["streams", target], { ...options, endsWithExit: isPid(target) });
}

export interface FollowOutputOptions extends TailOptions {
  /** The output of one process, which ends with its exit. */
  readonly endsWithExit: boolean;
  /** Awaited before the first connection. */
  readonly ready?: Promise<unknown> | undefined;
}

/** Follows output at a path below which the label is appended. */
export function followOutput(
  transport: Transport,
  base: readonly (string | number)[],
  {
    label,
    since,
    tail: lines,
    lossless,
    reader,
    lease,
    signal,
    onConnection,
    endsWithExit,
    ready,
  }: FollowOutputOptions,
): AsyncIterableIterator<TailItem, void> {
  const path = [...base, ...(label === undefined ? [] : [label])];
  const start = { since: toSince(since), tail: lines };
  // JSON keeps the text exact, and a label cannot be mistaken for an event such as `gap`.
  const fixed = { feed: "eventsource", format: "json", heartbeat: heartbeatSeconds, lossless, reader, lease };
  return createIteration(async function* (ended) {
    await ready;
    const events = followEvents({
      connect: (lastId, connection) =>
        transport.send("GET", path, {
          // Not as the header `Last-Event-ID`: it would make browsers send a CORS preflight request.
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
      if (item.type === "exit" && endsWithExit) return;
    }
  }, signal);
}

/** The JSON documents in the stream. */
type SpawnDocument = Omit<Extract<TailItem, { type: "spawn" }>, "type" | "id">;
type ExitDocument = Omit<Extract<TailItem, { type: "exit" }>, "type" | "id">;

/** Converts an event to an item. Undefined for an unknown event, which a later version may send. */
function toItem({ event, data, id }: StreamEvent): TailItem | undefined {
  const document: unknown = JSON.parse(data);
  // Recognized by its data, because the name of the event is the label of the output.
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
