import type { Server, TLSOptions } from "bun";
import { hostname as machineName } from "node:os";
import { type Bind, formatUrl } from "../../bind.ts";
import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { openSockets, setBacklog } from "./backlog.ts";
import { attachConnection, type Connection, type SocketHandlers } from "./connection.ts";
import { createEarlyHeaders, type EarlyHeaders } from "./early-headers.ts";
import { toErrorResponse } from "../operation/error.ts";
import type { Site } from "./guard.ts";
import { unixIdleTimer } from "./idle-timer.ts";
import { resolveHost } from "./resolve-host.ts";
import { toRoutable } from "./routable-request.ts";
import { shedConnections } from "./shed.ts";
import {
  grantAccess,
  identityOf,
  listenPrivately,
  removeStaleSocket,
  type SocketAccess,
  stopPreservingOthers,
} from "./unix-socket.ts";

/** Handles requests: an Elysia app. */
export interface Application {
  fetch(request: Request): Response | Promise<Response>;
}

export interface ListenerOptions {
  readonly app: Application;
  readonly bind: Bind;
  readonly endpointName: string;
  readonly backlog: number;
  readonly tls: TLSOptions | undefined;
  readonly access: SocketAccess;
  /** More host names that are accepted in `Host`. */
  readonly hosts: readonly string[];
  readonly log: Logger;
}

/** An open address. */
export interface Listener {
  /** `http://127.0.0.1:5000`, `unix:/run/gaffer.sock`. */
  readonly url: string;
  /** Refuses new connections; open ones continue. Resolves when all are closed. */
  stopAccepting(): Promise<void>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** A connection that is silent for this long is closed, unless its request has disabled this. */
const idleTimeoutSeconds = 30;

/** Opens an address. Throws what `Bun.serve` throws, or a GafferdError whose message is only the reason. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { bind, access } = options;
  if (bind.kind === "tcp") {
    const hostname = await resolveHost(bind.host);
    const early = createEarlyHeaders({ isEncrypted: options.tls !== undefined, log: options.log });
    const server = serve(options, { hostname, port: bind.port, reusePort: false }, early);
    const bound: Bind = { kind: "tcp", host: hostname || "localhost", port: server.port ?? bind.port };
    return {
      url: formatUrl(bound, options.tls !== undefined),
      async stopAccepting() {
        await server.stop();
        await early.settled();
      },
      close() {
        early.close();
        return server.stop(true);
      },
    };
  }
  await removeStaleSocket(bind.path);
  const early = createEarlyHeaders({ path: bind.path, isEncrypted: false, log: options.log });
  const server = listenPrivately(() => serve(options, { unix: bind.path }, early));
  try {
    grantAccess(bind.path, access);
  } catch (error) {
    await server.stop(true);
    throw error;
  }
  const own = identityOf(bind.path);
  return {
    url: formatUrl(bind, false),
    async stopAccepting() {
      await stopPreservingOthers(bind.path, own, () => server.stop());
      await early.settled();
    },
    close() {
      early.close();
      return stopPreservingOthers(bind.path, own, () => server.stop(true));
    },
  };
}

interface TcpAddress {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: false;
}

function serve(
  options: ListenerOptions,
  address: TcpAddress | { readonly unix: string },
  early: EarlyHeaders,
): Server<SocketHandlers> {
  const { app, backlog, tls, log } = options;
  const site = siteOf(options);
  const isUnix = options.bind.kind === "unix";
  const mayDelayHeaders = tls !== undefined || isUnix;
  const unixTimer = isUnix ? unixIdleTimer() : undefined;
  const before = openSockets();
  const server = Bun.serve<SocketHandlers>({
    // The types do not allow `idleTimeout` with a unix socket, but Bun 1.4.5 applies it.
    ...(address as TcpAddress),
    ...(tls === undefined ? {} : { tls }),
    // The routes limit the size of the bodies that they read.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // A timeout that cannot be disabled would close the connections of slow requests.
    idleTimeout: isUnix && unixTimer === undefined ? 0 : idleTimeoutSeconds,
    development: false,
    fetch(request, receiver) {
      const routable = toRoutable(request, site);
      if (routable === undefined) {
        const error = new GafferdError("method_not_allowed", `gafferd does not support the method ${request.method}`);
        return toErrorResponse(error, { request, log });
      }
      const idleTimer = unixTimer ?? receiver;
      const connection: Connection = { server: receiver, request, idleTimer, site, mayDelayHeaders };
      attachConnection(routable, connection);
      const answer = app.fetch(routable);
      const send = (response: Response) => {
        if (connection.isSlow) idleTimer.timeout(request, idleTimeoutSeconds);
        const isEarly = connection.isStream && request.method === "GET";
        return isEarly ? early.send(request, receiver, response, connection.body) : response;
      };
      return answer instanceof Promise ? answer.then(send) : send(answer);
    },
    error: (error) => toErrorResponse(error, { log }),
    websocket: {
      open: (socket) => socket.data.open?.(socket),
      message: (socket, message) => socket.data.message?.(socket, message),
      drain: (socket) => socket.data.drain?.(socket),
      pong: (socket) => socket.data.pong?.(socket),
      close: (socket, code, reason) => socket.data.close?.(socket, code, reason),
    },
  });
  setBacklog(before, backlog, { log });
  shedConnections(before, { isEncrypted: tls !== undefined, log });
  return server;
}

function siteOf(options: ListenerOptions): Site {
  const { bind, hosts, endpointName } = options;
  return {
    scheme: schemeOf(options),
    boundHost: bind.kind === "tcp" ? bind.host : undefined,
    hosts,
    machineName: machineName(),
    endpointName,
  };
}

function schemeOf({ tls }: ListenerOptions): "http" | "https" {
  return tls === undefined ? "http" : "https";
}
