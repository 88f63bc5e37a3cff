import type { Config } from "./config/config.ts";
import { Reloader } from "./daemon/reload.ts";
import { findUnused } from "./config/unused.ts";
import { EventBus } from "./events/bus.ts";
import { createApp } from "./http/app.ts";
import { openEndpoints } from "./http/endpoint.ts";
import type { Reload } from "./http/routes/reload.ts";
import type { Logger } from "./log.ts";
import { Manager } from "./manager/manager.ts";
import { becomeSubreaper } from "./process/subreaper.ts";
import { stopUnclaimed } from "./process/unclaimed.ts";
import { endLeftovers } from "./run/leftovers.ts";
import { RunLedger } from "./run/run-ledger.ts";
import type { ProcessTemplate } from "./template/template.ts";

export interface DaemonOptions {
  readonly config: Config;
  /** Of gafferd, as `GET /` tells it. */
  readonly version: string;
  readonly log: Logger;
  /**
   * Whether this program becomes the parent of what its processes lose sight of, such as a child of a child that made
   * itself a daemon, so that it is stopped with them (Linux). That cannot be undone. Default `false`: then it is only
   * stopped as long as its parents live, or in the process group.
   */
  readonly adoptOrphans?: boolean;
  /**
   * Whether processes end when this program is killed, and what an earlier one left is stopped before templates start
   * (Linux). Keeps a file in the configuration's `state_dir`, and a small process beside. Default `false`.
   */
  readonly endWithHost?: boolean;
  /** Reads the configuration again, for a reload; absent when there is no file. Throws ConfigError. */
  readonly readConfig?: () => Config;
  /** Called while it stops, once for each template that takes its time. */
  readonly onWaiting?: (template: ProcessTemplate, processes: number) => void;
  /** Called before anything is started, so that nothing is missed. */
  readonly observe?: (parts: Pick<Daemon, "bus" | "manager">) => void;
}

export interface Daemon {
  /** Where it listens, such as `http://127.0.0.1:5000` and `unix:/run/gaffer.sock`. */
  readonly urls: readonly string[];
  readonly bus: EventBus;
  readonly manager: Manager;
  /** Resolves when nothing is left: no process, no listener, no socket file. A second call joins the first. */
  stop(): Promise<void>;
  /** SIGKILL to every process; for a `stop` that takes too long. */
  hasten(): void;
  /** Reads the configuration again and applies what is different, or nothing when any of it is wrong: then it throws. */
  readonly reload: Reload;
  /** Resolves, with the reason, when a template was given up that says `on_give_up = shutdown`: `stop` should follow. */
  readonly shutdownWanted: Promise<string>;
}

/** How long readers have to take the last of what is held for them. */
const lastReadersMs = 2000;
const lastReadersPollMs = 10;

/**
 * Builds the parts and starts them: endpoints, so that a daemon that cannot listen starts nothing, then templates by
 * priority. Throws a GafferdError when an endpoint cannot be opened.
 *
 * It stops them in this order:
 * 1. No new work is taken.
 * 2. Templates stop in reverse priority; output and events still flow.
 * 3. Streams end with their last event.
 * 4. Listeners close, sockets go.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, version, log, observe, onWaiting, readConfig } = options;
  if (options.adoptOrphans) becomeSubreaper();
  const bus = new EventBus((error) => log.error("a listener of events failed", error));
  const { promise: shutdownWanted, resolve: onShutdown } = Promise.withResolvers<string>();
  const survival = { stateDir: config.gaffer.stateDir, configFile: config.files[0] ?? "", log };
  const ledger = options.endWithHost ? RunLedger.open(survival) : undefined;
  const manager = new Manager({ bus, log, ledger, onShutdown });
  observe?.({ bus, manager });
  for (const warning of findUnused(config)) log.warn(warning);
  let { corsOrigins } = config.gaffer;
  const reload: Reload = (what) => reloader.reload(what);
  const app = createApp({ manager, bus, version, corsOrigins: () => corsOrigins, reload, log });
  if (options.endWithHost) await endLeftovers({ ...survival, names: config.templates.map(({ name }) => name) });
  const endpoints = await openEndpoints(app, config.endpoints, { log });
  const apply = ({ gaffer }: Config): void => {
    ({ corsOrigins } = gaffer);
  };
  const reloader = new Reloader({ config, readConfig, endpoints, manager, apply });
  await manager.load(config.templates);

  async function stopAll(): Promise<void> {
    await manager.close(({ template, processes }) => onWaiting?.(template, processes.length));
    if (options.adoptOrphans) await stopUnclaimed(log);
    bus.end();
    endpoints.stopAccepting();
    await readersLeft({ manager, bus });
    await endpoints.close();
    await ledger?.close();
  }

  let stopping: Promise<void> | undefined;
  return {
    get urls() {
      return endpoints.urls;
    },
    bus,
    manager,
    stop: () => (stopping ??= stopAll()),
    hasten: () => manager.kill(),
    reload,
    shutdownWanted,
  };
}

/** Resolves when nobody reads output or events any more, or when the readers had their time. */
async function readersLeft({ manager, bus }: Pick<Daemon, "bus" | "manager">): Promise<void> {
  const deadlineMs = performance.now() + lastReadersMs;
  while (manager.readerCount() + bus.readerCount > 0 && performance.now() < deadlineMs) {
    await Bun.sleep(lastReadersPollMs);
  }
}
