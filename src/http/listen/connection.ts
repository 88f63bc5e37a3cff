import type { Server, ServerWebSocket } from "bun";
import type { Site } from "./guard.ts";

/** What is to happen on a WebSocket; each is called with the socket itself, and may be left out. */
export interface SocketHandlers {
  readonly open?: (socket: ServerWebSocket<SocketHandlers>) => void;
  readonly message?: (socket: ServerWebSocket<SocketHandlers>, message: string | Buffer) => void;
  /** It takes more after `send` gave -1. */
  readonly drain?: (socket: ServerWebSocket<SocketHandlers>) => void;
  readonly close?: (socket: ServerWebSocket<SocketHandlers>, code: number, reason: string) => void;
}

/** Where a request came in. */
export interface Connection {
  readonly server: Server<SocketHandlers>;
  /** As Bun gave it; Bun knows no copy of it. */
  readonly request: Request;
  readonly site: Site;
  /** Headers may arrive with the first byte of the body only (`early-headers.ts`). */
  readonly mayDelayHeaders: boolean;
  /** The answer is a stream, which may be silent for long after its headers. */
  isStream?: boolean;
}

/** Not a WeakMap, for which the collector of garbage would take 4 % of the time that a small answer takes. */
const key = Symbol("connection");
type Received = Request & { [key]?: Connection };

/** Says where `request` came in: that of `connection` or a copy of it. */
export function attachConnection(request: Request, connection: Connection): void {
  (request as Received)[key] = connection;
}

/** Undefined for a request that came in by no listener, as in `app.handle(new Request(…))`. */
export function connectionOf(request: Request): Connection | undefined {
  return (request as Received)[key];
}

/** Lets the connection be silent until this request is answered, for as long as it takes. */
export function keepOpen(request: Request): void {
  const connection = connectionOf(request);
  connection?.server.timeout(connection.request, 0);
}

/** Says that the answer is a stream whose headers must not wait for its first byte. */
export function announceStream(request: Request): void {
  const connection = connectionOf(request);
  if (connection !== undefined) connection.isStream = true;
}

/**
 * Whether the request has become a WebSocket; then it is to get no other answer. `protocol` is the one, of those that
 * the client offered, that is spoken.
 */
export function upgrade(request: Request, handlers: SocketHandlers, protocol?: string): boolean {
  const connection = connectionOf(request);
  // Bun 1.4.5 accepts whatever was offered, unless it is told which.
  if (protocol === undefined) connection?.request.headers.delete("sec-websocket-protocol");
  const headers = protocol === undefined ? {} : { "sec-websocket-protocol": protocol };
  return connection?.server.upgrade(connection.request, { data: handlers, headers }) ?? false;
}
