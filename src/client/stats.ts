import { type ConnectionState, followEvents } from "./follow.ts";
import { createIteration } from "./iteration.ts";
import { heartbeatSeconds, silenceMs } from "./stream-query.ts";
import type { Transport } from "./transport.ts";

export interface StatsOptions {
  /** Time between two samples, at least 100. Default 1000. */
  readonly intervalMs?: number;
  /** The owner of a lease to hold while the connection is open. */
  readonly lease?: string;
  /** Ends the iteration, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called when the client is connected, and when the connection is lost and it reconnects. */
  readonly onConnection?: (state: ConnectionState) => void;
}

/** The path of the statistics of one process, of one template, or of all templates. */
export function toStatsPath(name?: string, pid?: number): (string | number)[] {
  return ["stats", ...(name === undefined ? [] : [name]), ...(pid === undefined ? [] : [pid])];
}

/** See `Client.watchStats`. */
export function watchStats<T>(
  transport: Transport,
  path: readonly (string | number)[],
  { intervalMs, lease, signal, onConnection }: StatsOptions,
): AsyncIterableIterator<T, void> {
  const interval = intervalMs === undefined ? undefined : intervalMs / 1000;
  return createIteration(async function* (ended) {
    const events = followEvents({
      connect: (_, connection) =>
        transport.send("GET", path, {
          query: { feed: "eventsource", heartbeat: heartbeatSeconds, interval, lease },
          signal: connection,
        }),
      signal: ended,
      silenceMs,
      onConnection,
    });
    for await (const { data } of events) yield JSON.parse(data) as T;
  }, signal);
}
