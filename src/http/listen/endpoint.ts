import type { Bind } from "../../bind.ts";
import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { listenError } from "./listen-error.ts";
import { type Application, type Listener, openListener } from "./listener.ts";
import { readTls, type TlsFiles } from "./tls.ts";
import type { SocketAccess } from "./unix-socket.ts";

/** One `[endpoint:NAME]` section: addresses that share settings. */
export interface EndpointSettings extends SocketAccess {
  readonly name: string;
  readonly binds: readonly Bind[];
  /** Maximum number of connections waiting to be accepted. */
  readonly backlog: number;
  /** Absent for plain HTTP. Unix sockets ignore it. */
  readonly tls?: TlsFiles;
  /** More host names, without a port, that are accepted in `Host`. */
  readonly hosts: readonly string[];
}

/** All open endpoints. */
export interface Endpoints {
  /** In the order of the settings, with the port that was bound. */
  readonly urls: readonly string[];
  /**
   * Opens new endpoints, reopens those named in `changed`, and stops accepting on endpoints that were removed; open
   * connections continue. If an endpoint cannot be opened, it restores the old endpoints and throws as `openEndpoints`
   * does.
   */
  replace(endpoints: readonly EndpointSettings[], changed: ReadonlySet<string>): Promise<void>;
  /** Refuses new connections and removes the unix sockets; requests in progress continue. */
  stopAccepting(): void;
  /** Closes all connections. Resolves when they are closed. */
  close(): Promise<void>;
}

interface OpenEndpoint {
  readonly settings: EndpointSettings;
  readonly listeners: readonly Listener[];
}

/**
 * Opens every address of every endpoint. If one cannot be opened, it closes them all and throws a GafferdError that
 * names the address, the reason and the remedy.
 */
export async function openEndpoints(
  app: Application & { compile(): unknown },
  endpoints: readonly EndpointSettings[],
  { log }: { log: Logger },
): Promise<Endpoints> {
  app.compile();
  let opened = await openAll(endpoints);
  /** Listeners that no longer accept connections but may have open ones. */
  const retired = new Set<Listener>();

  async function openAll(all: readonly EndpointSettings[]): Promise<OpenEndpoint[]> {
    const done: OpenEndpoint[] = [];
    try {
      for (const settings of all) done.push(await openEndpoint(app, settings, log));
    } catch (error) {
      await closeAll(listenersOf(done));
      throw error;
    }
    return done;
  }

  function retire(listener: Listener): void {
    retired.add(listener);
    void listener.stopAccepting().finally(() => retired.delete(listener));
  }

  return {
    get urls() {
      return listenersOf(opened).map(({ url }) => url);
    },
    async replace(next, changed) {
      const kept = opened.filter(({ settings: { name } }) => isKept(name));
      const removed = opened.filter((endpoint) => !kept.includes(endpoint));
      // Before opening the new ones, which may use the same addresses.
      for (const listener of listenersOf(removed)) retire(listener);
      let added: OpenEndpoint[];
      try {
        added = await openAll(next.filter(({ name }) => !kept.some(({ settings }) => settings.name === name)));
      } catch (error) {
        opened = [...kept, ...(await openAll(removed.map(({ settings }) => settings)))];
        throw error;
      }
      opened = next.flatMap(({ name }) => [...kept, ...added].filter(({ settings }) => settings.name === name));

      function isKept(name: string): boolean {
        return !changed.has(name) && next.some((settings) => settings.name === name);
      }
    },
    stopAccepting() {
      for (const listener of listenersOf(opened)) retire(listener);
    },
    close: () => closeAll([...new Set([...listenersOf(opened), ...retired])]),
  };
}

function listenersOf(endpoints: readonly OpenEndpoint[]): Listener[] {
  return endpoints.flatMap(({ listeners }) => listeners);
}

async function openEndpoint(app: Application, settings: EndpointSettings, log: Logger): Promise<OpenEndpoint> {
  const listeners: Listener[] = [];
  try {
    for (const bind of settings.binds) listeners.push(await open(app, settings, bind, log));
  } catch (error) {
    await closeAll(listeners);
    throw error;
  }
  return { settings, listeners };
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
