import { type ConnectionState, followEvents } from "./follow.ts";
import { createIteration } from "./iteration.ts";
import { heartbeatSeconds, silenceMs } from "./stream-query.ts";
import type { Transport } from "./transport.ts";

export interface StatsOptions {
  /** Between two samples, 100 at least. Default 1000. */
  readonly intervalMs?: number;
  /** Ends the iteration, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears when a connection is there, and when it is lost; then another attempt follows. */
  readonly onConnection?: (state: ConnectionState) => void;
}

/** The path of the statistics of a process, of a template, or of everything. */
export function toStatsPath(name?: string, pid?: number): (string | number)[] {
  return ["stats", ...(name === undefined ? [] : [name]), ...(pid === undefined ? [] : [pid])];
}

/** See `Client.watchStats`. */
export function watchStats<T>(
  transport: Transport,
  path: readonly (string | number)[],
  { intervalMs, signal, onConnection }: StatsOptions,
): AsyncIterableIterator<T, void> {
  const interval = intervalMs === undefined ? undefined : intervalMs / 1000;
  return createIteration(async function* (ended) {
    const events = followEvents({
      connect: (_, connection) =>
        transport.send("GET", path, {
          query: { feed: "eventsource", heartbeat: heartbeatSeconds, interval },
          signal: connection,
        }),
      signal: ended,
      silenceMs,
      onConnection,
    });
    for await (const { data } of events) yield JSON.parse(data) as T;
  }, signal);
}
