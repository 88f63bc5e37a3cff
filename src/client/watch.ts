import type { EventDocument } from "../documents/document-schemas.ts";
import type { StreamEvent } from "./event-parser.ts";
import { type ConnectionState, followEvents } from "./follow.ts";
import { createIteration } from "./iteration.ts";
import { heartbeatSeconds, silenceMs, toSince } from "./stream-query.ts";
import type { Transport } from "./transport.ts";

export interface WatchOptions {
  /** Begin after the item with this `id`, at an age (`"5m"`), or at a time. Default: begin with new events. */
  readonly since?: string | Date;
  /** The owner of a lease to hold while the connection is open. */
  readonly lease?: string;
  /** Ends the iteration, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called when the client is connected, and when the connection is lost and it reconnects. */
  readonly onConnection?: (state: ConnectionState) => void;
}

export type WatchItem =
  | ({ readonly type: "event"; readonly id: string } & EventDocument)
  /** Events of any type that were lost. Null if the number is unknown. */
  | { readonly type: "gap"; readonly events: number | null; readonly id: string };

/** See `Client.watch`. */
export function watch(
  transport: Transport,
  pattern: string | undefined,
  { since, lease, signal, onConnection }: WatchOptions,
): AsyncIterableIterator<WatchItem, void> {
  const path = ["watch", ...(pattern === undefined ? [] : [pattern])];
  const start = toSince(since);
  return createIteration(async function* (ended) {
    const events = followEvents({
      connect: (lastId, connection) =>
        transport.send("GET", path, {
          query: { feed: "eventsource", heartbeat: heartbeatSeconds, since: lastId === "" ? start : lastId, lease },
          signal: connection,
        }),
      signal: ended,
      silenceMs,
      onConnection,
    });
    for await (const event of events) yield toItem(event);
  }, signal);
}

function toItem({ event, data, id }: StreamEvent): WatchItem {
  const document: unknown = JSON.parse(data);
  if (event === "gap") return { type: "gap", ...(document as { events: number | null }), id };
  return { type: "event", ...(document as EventDocument), id };
}
