import type { Config } from "./config/config.ts";
import { formatProblem } from "./config/problem.ts";
import { Deadline } from "./daemon/deadline.ts";
import { Reloader } from "./daemon/reload.ts";
import type { SectionChanges } from "./daemon/sections.ts";
import { EventBus } from "./events/bus.ts";
import { startingFileLimit } from "./file-limit.ts";
import { createApp } from "./http/app.ts";
import { openEndpoints } from "./http/listen/endpoint.ts";
import { createPluginApi } from "./http/plugins/plugin-api.ts";
import type { Reload } from "./http/daemon/reload-routes.ts";
import type { Logger } from "./log.ts";
import { Manager } from "./manager/manager.ts";
import { Sampler } from "./process/usage/sampler.ts";
import type { PluginHost } from "./plugin/host.ts";
import { type InstalledPlugins, noPlugins } from "./plugin/plugins.ts";
import type { ProvidedModules } from "./plugin/provide.ts";
import { adoptSites } from "./plugin/site/adopt.ts";
import { becomeSubreaper } from "./process/stop/subreaper.ts";
import { stopLeftBehind } from "./process/stop/left-behind.ts";
import { endLeftovers } from "./survival/leftovers.ts";
import { RunLedger } from "./survival/run-ledger.ts";
import type { ProcessTemplate } from "./template/template.ts";
import { startWebhooks } from "./webhook/webhooks.ts";

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
  /**
   * What plugins can import, beside `elysia`, by name: `{ gafferd: () => import("gafferd") }`. Absent: no plugins are
   * loaded.
   */
  readonly pluginModules?: ProvidedModules;
  /** Where the plugins are that ship with gafferd; default: its package's `plugins/`. */
  readonly bundledPluginsFolder?: string;
}

export interface Daemon {
  /** Where it listens, such as `http://127.0.0.1:5000` and `unix:/run/gaffer.sock`. */
  readonly urls: readonly string[];
  readonly bus: EventBus;
  readonly manager: Manager;
  readonly plugins: InstalledPlugins;
  /** Restarts each plugin, by its own `restart`, or stops and starts it. What fails is logged. */
  restartPlugins(): Promise<void>;
  /** The name of the plugin whose code threw this, as far as its stack tells. */
  culpritOf(fault: unknown): string | undefined;
  /** Resolves when nothing is left: no process, no listener, no socket file. A second call joins the first. */
  stop(): Promise<void>;
  /** SIGKILL to every process, and little patience with all else; for a `stop` that takes too long. */
  hasten(): void;
  /**
   * Reads the configuration again and applies what is different, or nothing when any of it is wrong: then it throws. Plugins
   * are restarted.
   */
  readonly reload: Reload;
  /** Resolves, with the reason, when a template was given up that says `on_give_up = shutdown`: `stop` should follow. */
  readonly shutdownWanted: Promise<string>;
}

/** How long a stop may take beyond the longest `graceful_timeout`; a little less than what is promised. */
const stopSlackMs = 1800;
/** How long readers have to take the last of what is held for them, if there is so much time. */
const lastReadersMs = 2000;
const lastReadersPollMs = 10;
/** How long webhooks have to deliver the last events, if there is so much; what is left is kept for the next start. */
const webhookFlushMs = 2000;

/**
 * Builds the parts and starts them: webhooks, so that no event escapes them, endpoints, so that a daemon that cannot
 * listen starts nothing, then plugins, so that they miss nothing, then templates by priority. Throws a GafferdError when
 * an endpoint or what webhooks are kept in cannot be opened or a plugin cannot be loaded or started, a ConfigError for a
 * plugin's settings.
 *
 * It stops them in this order, in the longest `graceful_timeout` and two seconds at most:
 * 1. No new work is taken.
 * 2. Templates stop in reverse priority; output and events still flow.
 * 3. Streams end with their last event.
 * 4. Webhooks deliver what they can.
 * 5. Plugins stop, those first that others do not need.
 * 6. What nobody can tell whose it is stops.
 * 7. Listeners close, sockets go.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, version, log, observe, onWaiting, readConfig } = options;
  // While the process that started gafferd is its parent.
  startingFileLimit();
  for (const warning of config.warnings) log.warn(formatProblem(warning));
  if (options.adoptOrphans) becomeSubreaper();
  const bus = new EventBus((error) => log.error("a listener of events failed", error));
  const { promise: shutdownWanted, resolve: onShutdown } = Promise.withResolvers<string>();
  const { stateDir } = config.gaffer;
  const survival = { stateDir, configFile: config.files[0] ?? "", log };
  const ledger = options.endWithHost ? RunLedger.open(survival) : undefined;
  const manager = new Manager({ bus, log, ledger, onShutdown });
  const sampler = new Sampler();
  observe?.({ bus, manager });
  const host = await loadPlugins(options, { manager, bus, sampler });
  const plugins = host?.installed ?? noPlugins;
  const settings = config.webhooks;
  const webhooks = await startWebhooks({ bus, log, version, stateDir, settings });
  let { corsOrigins } = config.gaffer;
  const reload: Reload = (what) => reloader.reload(what);
  const app = createApp({
    manager,
    bus,
    webhooks,
    version,
    corsOrigins: () => corsOrigins,
    reload,
    log,
    sampler,
    plugins,
  });
  if (options.endWithHost) await endLeftovers({ ...survival, names: config.templates.map(({ name }) => name) });
  const endpoints = await openEndpoints(app, config.endpoints, { log }).catch(async (error: unknown) => {
    // Another daemon may want the outbox.
    await webhooks.stop({ flushMs: 0 });
    throw error;
  });
  const apply = async (next: Config, { changed }: SectionChanges): Promise<void> => {
    for (const warning of next.warnings) log.warn(formatProblem(warning));
    ({ corsOrigins } = next.gaffer);
    if (changed.includes("webhooks")) await webhooks.reconfigure(next.webhooks);
    await host?.reconfigure(next);
  };
  const check = async (next: Config): Promise<void> => {
    host?.check(next);
    await webhooks.check(next.webhooks);
  };
  const reloader = new Reloader({ config, readConfig, check, endpoints, manager, log, apply });
  let deadline: Deadline | undefined;

  async function stopAll(): Promise<void> {
    using left = (deadline = new Deadline(manager.longestGraceMs() + stopSlackMs));
    await left.wait(manager.close(({ template, processes }) => onWaiting?.(template, processes.length)));
    bus.end();
    endpoints.stopAccepting();
    await readersLeft({ manager, bus }, Math.min(lastReadersMs, left.leftMs / 2));
    await webhooks.stop({ flushMs: Math.min(webhookFlushMs, left.leftMs / 2) });
    if (host !== undefined) await left.wait(host.stop());
    // Not before: what plugins have started is theirs until then.
    if (options.adoptOrphans) await stopLeftBehind({ log, graceMs: left.leftMs / 2, hastened: left.hastened });
    await endpoints.close();
    await ledger?.close();
  }

  try {
    await host?.start();
  } catch (error) {
    // Other plugins may have started processes.
    await stopAll();
    throw error;
  }
  await manager.load(config.templates);

  let stopping: Promise<void> | undefined;
  return {
    get urls() {
      return endpoints.urls;
    },
    bus,
    manager,
    plugins,
    restartPlugins: async () => await host?.restart(),
    culpritOf: (fault) => host?.culpritOf(fault),
    stop: () => (stopping ??= stopAll()),
    hasten() {
      manager.kill();
      deadline?.bringForward(stopSlackMs);
    },
    reload,
    shutdownWanted,
  };
}

/** Undefined when none are to be loaded; what is only for them is loaded here. */
async function loadPlugins(
  { config, version, log, pluginModules, bundledPluginsFolder }: DaemonOptions,
  parts: { manager: Manager; bus: EventBus; sampler: Sampler },
): Promise<PluginHost | undefined> {
  if (pluginModules === undefined) return undefined;
  const { openPlugins } = await import("./plugin/host.ts");
  const folder = bundledPluginsFolder === undefined ? {} : { bundledFolder: bundledPluginsFolder };
  const host = await openPlugins({
    ...parts,
    ...folder,
    config,
    version,
    log,
    modules: pluginModules,
    openApi: createPluginApi,
  });
  adoptSites(host.installed.roots, log);
  return host;
}

/** Resolves when nobody reads output or events any more, or when the readers had their time. */
async function readersLeft({ manager, bus }: Pick<Daemon, "bus" | "manager">, patienceMs: number): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (manager.readerCount() + bus.readerCount > 0 && performance.now() < deadlineMs) {
    await Bun.sleep(lastReadersPollMs);
  }
}
