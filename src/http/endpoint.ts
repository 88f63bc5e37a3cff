import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Bind, listenError } from "./listen-error.ts";
import { type Application, type Listener, openListener } from "./listener.ts";
import { readTls, type TlsFiles } from "./tls.ts";
import type { SocketAccess } from "./unix-socket.ts";

/** One `[endpoint:NAME]`: addresses that share their settings. */
export interface EndpointSettings extends SocketAccess {
  readonly name: string;
  readonly binds: readonly Bind[];
  /** How many connections may wait to be accepted. */
  readonly backlog: number;
  /** Absent: plain HTTP. A unix socket never has it. */
  readonly tls?: TlsFiles;
  /** Names, without a port, that it answers to besides its own. */
  readonly hosts: readonly string[];
}

export interface OpenEndpoints {
  /** In the order of the settings; the port is the one that was bound. */
  readonly urls: readonly string[];
  /** Refuses new connections and removes the unix sockets; requests that are being answered go on. */
  stopAccepting(): void;
  /** Cuts what is still open, and resolves when it is. */
  close(): Promise<void>;
}

/**
 * Makes one app reachable on every address of every endpoint, or on none: then it throws a GafferdError that says
 * which, why, and what to do.
 */
export async function openEndpoints(
  app: Application & { compile(): unknown },
  endpoints: readonly EndpointSettings[],
  { log }: { log: Logger },
): Promise<OpenEndpoints> {
  app.compile();
  const listeners: Listener[] = [];
  try {
    for (const endpoint of endpoints) {
      for (const bind of endpoint.binds) listeners.push(await open(app, endpoint, bind, log));
    }
  } catch (error) {
    await closeAll(listeners);
    throw error;
  }
  return {
    urls: listeners.map(({ url }) => url),
    stopAccepting() {
      for (const listener of listeners) listener.stopAccepting();
    },
    close: () => closeAll(listeners),
  };
}

async function open(app: Application, endpoint: EndpointSettings, bind: Bind, log: Logger): Promise<Listener> {
  const { name, backlog, hosts } = endpoint;
  try {
    const tls = endpoint.tls === undefined || bind.kind === "unix" ? undefined : readTls(endpoint.tls);
    return await openListener({ app, bind, endpointName: name, backlog, tls, access: endpoint, hosts, log });
  } catch (cause) {
    throw listenError(bind, name, cause);
  }
}

async function closeAll(listeners: readonly Listener[]): Promise<void> {
  const results = await Promise.allSettled(listeners.map((listener) => listener.close()));
  const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (reasons.length > 0) {
    throw new GafferdError("internal", "cannot close all endpoints", { cause: new AggregateError(reasons) });
  }
}
