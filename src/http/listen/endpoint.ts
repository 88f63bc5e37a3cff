import type { Bind } from "../../bind.ts";
import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { listenError } from "./listen-error.ts";
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

/** All that gafferd listens at. */
export interface Endpoints {
  /** In the order of the settings; the port is the one that was bound. */
  readonly urls: readonly string[];
  /**
   * Opens what is new, and those named in `changed` anew; what is gone takes no more connections, and those that it has go
   * on. Throws as `openEndpoints` does, and all is then as it was.
   */
  replace(endpoints: readonly EndpointSettings[], changed: ReadonlySet<string>): Promise<void>;
  /** Refuses new connections and removes the unix sockets; requests that are being answered go on. */
  stopAccepting(): void;
  /** Cuts what is still open, and resolves when it is. */
  close(): Promise<void>;
}

interface OpenEndpoint {
  readonly settings: EndpointSettings;
  readonly listeners: readonly Listener[];
}

/**
 * Makes one app reachable on every address of every endpoint, or on none: then it throws a GafferdError that says
 * which, why, and what to do.
 */
export async function openEndpoints(
  app: Application & { compile(): unknown },
  endpoints: readonly EndpointSettings[],
  { log }: { log: Logger },
): Promise<Endpoints> {
  app.compile();
  let opened = await openAll(endpoints);
  /** They take no more connections, and may have some. */
  const retired = new Set<Listener>();

  async function openAll(all: readonly EndpointSettings[]): Promise<OpenEndpoint[]> {
    const soFar: OpenEndpoint[] = [];
    try {
      for (const settings of all) soFar.push(await openEndpoint(app, settings, log));
    } catch (error) {
      await closeAll(listenersOf(soFar));
      throw error;
    }
    return soFar;
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
      const gone = opened.filter((endpoint) => !kept.includes(endpoint));
      // First, since the new ones may have the addresses of the old.
      for (const listener of listenersOf(gone)) retire(listener);
      let fresh: OpenEndpoint[];
      try {
        fresh = await openAll(next.filter(({ name }) => !kept.some(({ settings }) => settings.name === name)));
      } catch (error) {
        opened = [...kept, ...(await openAll(gone.map(({ settings }) => settings)))];
        throw error;
      }
      opened = next.flatMap(({ name }) => [...kept, ...fresh].filter(({ settings }) => settings.name === name));

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
