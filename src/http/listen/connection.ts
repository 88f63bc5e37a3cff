import type { Server, ServerWebSocket } from "bun";
import type { Site } from "./guard.ts";
import type { IdleTimer } from "./idle-timer.ts";

/** Optional handlers of WebSocket events. */
export interface SocketHandlers {
  readonly open?: (socket: ServerWebSocket<SocketHandlers>) => void;
  readonly message?: (socket: ServerWebSocket<SocketHandlers>, message: string | Buffer) => void;
  /** The socket accepts data again after `send` returned -1. */
  readonly drain?: (socket: ServerWebSocket<SocketHandlers>) => void;
  /** The client has answered a ping. */
  readonly pong?: (socket: ServerWebSocket<SocketHandlers>) => void;
  readonly close?: (socket: ServerWebSocket<SocketHandlers>, code: number, reason: string) => void;
}

/** The bytes of a body, in order. They stay unchanged until more are taken. */
export type Pieces = readonly Uint8Array[];

/** The body of a stream, which its sender takes as fast as the client reads. */
export interface PieceSource {
  /** The number of bytes, which is sent as `Content-Length`. Undefined if it is not known. */
  readonly length?: number | undefined;
  /** The next pieces, at least one; a promise if there are none yet; undefined at the end. Call when all before are sent. */
  take(): Pieces | undefined | Promise<Pieces | undefined>;
  /** `abort` is called when the response must be cut off, so that the client sees that it is incomplete. */
  onAbort(abort: (reason: Error) => void): void;
  /** Call when the client has disconnected. */
  close(): void;
  /** Called before the first `take` if the sender knows how much of what it sent has arrived at the client. */
  onConnected?(arrival: Arrival): void;
}

/** How much of what was sent on a connection has arrived at the client. */
export interface Arrival {
  /** Bytes that the client's side has not acknowledged yet. Undefined if that is unknown. */
  pendingBytes(): number | undefined;
  /** Bytes that were given to the kernel. */
  readonly sentBytes: number;
}

/** The listener and the original request that an HTTP request belongs to. */
export interface Connection {
  readonly server: Server<SocketHandlers>;
  /** The request that Bun created. Bun's server methods do not accept a copy of it. */
  readonly request: Request;
  readonly idleTimer: IdleTimer;
  readonly site: Site;
  /** The headers may arrive only with the first byte of the body (see `early-headers.ts`). */
  readonly mayDelayHeaders: boolean;
  /** The idle timeout is disabled until the request is answered. */
  isSlow?: boolean;
  /** The response is a stream that may send nothing for a long time after its headers. */
  isStream?: boolean;
  /** The body of a stream, if it can be taken directly. */
  body?: PieceSource | undefined;
}

/** A property rather than a WeakMap: garbage collection of a WeakMap takes 4 % of the time of a small response. */
const key = Symbol("connection");
type Received = Request & { [key]?: Connection };

/** Attaches `connection` to its request or to a copy of it. */
export function attachConnection(request: Request, connection: Connection): void {
  (request as Received)[key] = connection;
}

/** The connection of a request. Undefined if no listener received it, as in `app.handle(new Request(…))`. */
export function connectionOf(request: Request): Connection | undefined {
  return (request as Received)[key];
}

/** Disables the idle timeout of the connection until this request is answered. */
export function keepOpen(request: Request): void {
  const connection = connectionOf(request);
  if (connection !== undefined) connection.isSlow = true;
  disableIdleTimeout(request);
}

/** Disables the idle timeout of the connection until its next request, for an answer that may pause. */
export function disableIdleTimeout(request: Request): void {
  const connection = connectionOf(request);
  connection?.idleTimer.timeout(connection.request, 0);
}

/**
 * Marks the response as a stream whose headers must be sent before its first byte. `body` is what its `ReadableStream`
 * reads, if that can be taken directly.
 */
export function markAsStream(request: Request, body?: PieceSource): void {
  const connection = connectionOf(request);
  if (connection === undefined) return;
  connection.isStream = true;
  connection.body = body;
}

/**
 * Upgrades the request to a WebSocket. Returns true on success; then do not send another response. `protocol` is the
 * subprotocol to use, one of those that the client offered; undefined for none.
 */
export function upgrade(request: Request, handlers: SocketHandlers, protocol?: string): boolean {
  const connection = connectionOf(request);
  // Bun 1.4.5 accepts the offered subprotocols unless the response names one.
  if (protocol === undefined) connection?.request.headers.delete("sec-websocket-protocol");
  const headers = protocol === undefined ? {} : { "sec-websocket-protocol": protocol };
  return connection?.server.upgrade(connection.request, { data: handlers, headers }) ?? false;
}
