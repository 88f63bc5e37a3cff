import type { Config } from "./config/config.ts";
import { formatProblem } from "./config/problem.ts";
import { OutputCopies } from "./copies/output-copies.ts";
import { createLeases } from "./daemon/create-leases.ts";
import { Deadline } from "./daemon/deadline.ts";
import { loadPluginHost } from "./daemon/load-plugin-host.ts";
import { Reloader } from "./daemon/reload.ts";
import type { SectionChanges } from "./daemon/sections.ts";
import { claimStateFolder } from "./daemon/state-folder.ts";
import { EventBus } from "./events/bus.ts";
import { startingFileLimit } from "./file-limit.ts";
import { allowInsecureFiles } from "./files/file-trust.ts";
import { createApp } from "./http/app.ts";
import { openEndpoints } from "./http/listen/endpoint.ts";

import type { Reload } from "./http/daemon/reload-routes.ts";
import { Journal } from "./journal/journal.ts";
import type { Logger } from "./log.ts";
import { stdout } from "./log/outlet.ts";
import { createOutputMemory } from "./daemon/memory-limit.ts";
import { createStore, openEvents, openRuns, openStore } from "./daemon/open-store.ts";
import { openTemplates, planStart } from "./daemon/plan-templates.ts";
import { Manager } from "./manager/manager.ts";
import { RunLeases } from "./runs/run-leases.ts";
import { Runs } from "./runs/runs.ts";
import { Sampler } from "./process/usage/sampler.ts";

import { type InstalledPlugins, noPlugins } from "./plugin/plugins.ts";
import type { ProvidedModules } from "./plugin/provide.ts";
import { adoptSites } from "./plugin/site/adopt.ts";
import { clearDeadCgroups, closeCgroups, useCgroups } from "./process/stop/cgroup-folder.ts";
import { becomeSubreaper } from "./process/stop/subreaper.ts";
import { stopOrphans } from "./process/stop/stop-orphans.ts";
import { stopLeftovers } from "./survival/leftovers.ts";
import { startWatchdog } from "./survival/watchdog.ts";
import type { RestartCommand } from "./survival/guardian.ts";
import { RunLedger } from "./survival/run-ledger.ts";
import { forEachInSlices } from "./slices.ts";
import type { ProcessTemplate } from "./template/template.ts";
import { startWebhooks } from "./webhook/webhooks.ts";

export interface DaemonOptions {
  readonly config: Config;
  /** The version of gafferd, which `GET /` returns. */
  readonly version: string;
  readonly log: Logger;
  /**
   * Whether this program becomes the parent of orphaned descendants of its processes, such as a program that daemonized
   * itself, so that they are stopped too (Linux). This cannot be undone. Default: `false`; then descendants are stopped
   * only while their parents run, or as members of the process group.
   */
  readonly adoptOrphans?: boolean;
  /**
   * Whether processes are stopped when this program is killed, and processes that an earlier one left behind are
   * stopped before templates start (Linux). Keeps a file in `state_dir` and runs a small extra process. Default:
   * `false`.
   */
  readonly endWithHost?: boolean;
  /**
   * Whether the database in `state_dir` is opened at the start, so that what is created at runtime survives a restart.
   * Default: `false`; then only webhooks open it.
   */
  readonly keepState?: boolean;
  /** How to start this program again after it was killed, for `on_crash = restart`. Needs `endWithHost`. */
  readonly restart?: Omit<RestartCommand, "onCrash">;
  /** Reads the configuration again for a reload; absent if there is no file. Throws ConfigError. */
  readonly readConfig?: () => Config | Promise<Config>;
  /** Called during a stop, once for each template that does not stop quickly. */
  readonly onWaiting?: (template: ProcessTemplate, processes: number) => void;
  /** Called before anything starts, so that it can subscribe to all events. */
  readonly observe?: (parts: Pick<Daemon, "bus" | "manager">) => void;
  /**
   * Modules that plugins can import by name, besides `elysia`: `{ gafferd: () => import("gafferd") }`. If absent, no
   * plugins are loaded.
   */
  readonly pluginModules?: ProvidedModules;
  /** The folder of the bundled plugins. Default: `plugins/` in the package of gafferd. */
  readonly bundledPluginsFolder?: string;
}

export interface Daemon {
  /** The addresses it listens on, such as `http://127.0.0.1:5000` and `unix:/run/gaffer.sock`. */
  readonly urls: readonly string[];
  readonly bus: EventBus;
  readonly manager: Manager;
  readonly runs: Runs;
  readonly plugins: InstalledPlugins;
  /** Restarts each plugin by its `restart` method, or stops and starts it. Logs failures. */
  restartPlugins(): Promise<void>;
  /** The name of the plugin whose code threw this error, according to its stack; undefined if it is none. */
  culpritOf(fault: unknown): string | undefined;
  /** Stops everything. Resolves when no process, listener or socket file is left. A second call joins the first. */
  stop(): Promise<void>;
  /** Opens the files of `output_file` again, after another program has renamed them. Returns how many were open. */
  reopenOutputFiles(): number;
  /** Sends SIGKILL to every process and shortens all other waits, for a `stop` that takes too long. */
  forceStop(): void;
  /**
   * Reads the configuration again, applies the differences and restarts plugins. Throws on an error, and applies
   * nothing.
   */
  readonly reload: Reload;
  /** Resolves with the reason when a template with `on_give_up = shutdown` is given up. Call `stop` then. */
  readonly shutdownWanted: Promise<string>;
}

/** How long a stop may take beyond the longest `graceful_timeout`; a little less than the documented 2 s. */
const stopSlackMs = 1800;
/** How long readers may take to read their remaining output, if there is enough time. */
const lastReadersMs = 2000;
const lastReadersPollMs = 10;
/**
 * How long webhooks may take to deliver the last events, if there is enough time. The rest is kept for the next start.
 */
const webhookFlushMs = 2000;

/**
 * Builds the parts and starts them in this order: webhooks, so that they get every event; endpoints, so that a daemon
 * that cannot listen starts nothing; plugins, so that they see every template; then templates, by priority. Throws a
 * GafferdError if an endpoint or the webhook outbox cannot be opened, or a plugin cannot be loaded or started; a
 * ConfigError for invalid settings of a plugin.
 *
 * A stop takes at most the longest `graceful_timeout` plus two seconds. Its steps:
 * 1. No new work is accepted.
 * 2. Templates stop in reverse priority. Output and events continue.
 * 3. Streams end after their last event, copies of output after their last byte.
 * 4. Webhooks deliver the remaining events.
 * 5. Plugins stop, each before the plugins it needs.
 * 6. Orphaned processes that belong to no template stop.
 * 7. Listeners close, and socket files are removed.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, version, log, observe, onWaiting, readConfig } = options;
  // Early, while the process that started gafferd is still its parent.
  startingFileLimit();
  for (const warning of config.warnings) log.warn(formatProblem(warning));
  claimStateFolder(config);
  allowInsecureFiles(config.gaffer.insecureFiles);
  if (options.adoptOrphans) {
    becomeSubreaper();
    useCgroups({ stateDir: config.gaffer.stateDir, log });
  }
  const bus = new EventBus((error) => log.error("an event listener failed", error));
  const { promise: shutdownWanted, resolve: onShutdown } = Promise.withResolvers<string>();
  const { stateDir, onCrash, onHang, hangTimeoutMs, memoryLimitBytes, insecureFiles } = config.gaffer;
  const restarts = onCrash === "restart" || onHang === "restart";
  const restart = restarts && options.restart ? { ...options.restart, onCrash } : undefined;
  const survival = { stateDir, configFile: config.files[0] ?? "", log, restart };
  const ledger = options.endWithHost ? RunLedger.open(survival) : undefined;
  const memory = createOutputMemory({ limit: memoryLimitBytes, log });
  const manager = new Manager({ bus, log, ledger, memory, onShutdown });
  const sampler = new Sampler();
  observe?.({ bus, manager });
  const copies = new OutputCopies({ bus, manager, stdout, log });
  const journal = new Journal({ stateDir, bus, manager, log });
  const host = await loadPluginHost(options, { manager, bus, sampler, api: (request) => app.handle(request) });
  if (host !== undefined) adoptSites(host.installed.roots, log);
  const plugins = host?.installed ?? noPlugins;
  const settings = config.webhooks;
  const store = createStore({ stateDir, log });
  if (options.keepState) openStore(store, { stateDir, log });
  const events = options.keepState ? openEvents(bus, store, log) : undefined;
  const leases = createLeases({ manager, bus, store, log });
  const stored = options.keepState ? openTemplates(manager, store) : [];
  const runs = new Runs({ manager, log, leases: new RunLeases({ leases, bus }), onEnd: (name) => journal.end(name) });
  if (options.keepState) openRuns(runs, store);
  const webhooks = await startWebhooks({ bus, log, version, store, settings }).catch(async (error: unknown) => {
    await closeStore();
    throw error;
  });
  let { corsOrigins } = config.gaffer;
  const reload: Reload = (what) => reloader.reload(what);
  const app = createApp({
    manager,
    bus,
    runs,
    webhooks,
    leases,
    version,
    corsOrigins: () => corsOrigins,
    reload,
    journal,
    log,
    sampler,
    plugins,
  });
  if (options.endWithHost) {
    const storedNames = stored.map(({ template }) => template.name);
    const names = config.templates.map(({ name }) => name);
    await stopLeftovers({ ...survival, insecureFiles, names, storedNames });
    await clearDeadCgroups({ stateDir, log });
  }
  const endpoints = await openEndpoints(app, config.endpoints, { log }).catch(async (error: unknown) => {
    // Releases the store for another daemon.
    await webhooks.stop({ flushMs: 0 });
    await closeStore();
    await ledger?.close();
    throw error;
  });
  const apply = async (next: Config, { changed }: SectionChanges): Promise<void> => {
    await forEachInSlices(next.warnings, (warning) => log.warn(formatProblem(warning)));
    ({ corsOrigins } = next.gaffer);
    allowInsecureFiles(next.gaffer.insecureFiles);
    if (changed.includes("webhooks")) await webhooks.reconfigure(next.webhooks);
    await host?.reconfigure(next);
  };
  const check = async (next: Config): Promise<void> => {
    await host?.check(next);
    await webhooks.check(next.webhooks);
  };
  const reloader = new Reloader({ config, readConfig, check, endpoints, manager, log, apply });
  let deadline: Deadline | undefined;

  async function closeStore(): Promise<void> {
    leases.close();
    await manager.kept.close();
    await runs.close();
    manager.exits.close();
    events?.close();
    await store.close();
  }

  async function stopAll(): Promise<void> {
    ledger?.stopping();
    // First: that gafferd stops the processes is no end of a lease.
    leases.close();
    runs.shutdown();
    using end = (deadline = new Deadline(manager.longestGraceMs() + stopSlackMs));
    await end.wait(manager.close(({ template, processes }) => onWaiting?.(template, processes.length)));
    bus.end();
    endpoints.stopAccepting();
    await waitForReaders({ manager, bus }, Math.min(lastReadersMs, end.leftMs / 2));
    await end.wait(Promise.all([copies.close(), journal.close()]).then(() => {}));
    await webhooks.stop({ flushMs: Math.min(webhookFlushMs, end.leftMs / 2) });
    if (host !== undefined) await end.wait(host.stop());
    // After the plugins: until then, processes that they started belong to them.
    if (options.adoptOrphans) await stopOrphans({ log, graceMs: end.leftMs / 2, killRequested: end.movedEarlier });
    await endpoints.close();
    await closeStore();
    await ledger?.close();
    closeCgroups();
  }

  try {
    await host?.start();
  } catch (error) {
    // Plugins that did start may have started processes.
    await stopAll();
    throw error;
  }
  const planned = planStart(config, stored, { manager, log });
  if (planned.some(({ template }) => template.outputKeep !== undefined)) await journal.load();
  await manager.load(planned);
  leases.forgetLeft();
  if (options.endWithHost) {
    const hangAction = restart === undefined ? "log" : onHang;
    const lifeline = () => ledger?.lifeline ?? -1;
    // Not before the caller can say that gafferd listens.
    setTimeout(() => startWatchdog({ timeoutMs: hangTimeoutMs, onHang: hangAction, lifeline, log }), 0).unref();
  }

  let stopping: Promise<void> | undefined;
  return {
    get urls() {
      return endpoints.urls;
    },
    bus,
    manager,
    runs,
    plugins,
    restartPlugins: async () => await host?.restart(),
    culpritOf: (fault) => host?.culpritOf(fault),
    stop: () => (stopping ??= stopAll()),
    reopenOutputFiles: () => copies.reopenFiles(),
    forceStop() {
      manager.kill();
      deadline?.moveEarlier(stopSlackMs);
    },
    reload,
    shutdownWanted,
  };
}

/** Resolves when no client reads output or events any more, at the latest after `timeoutMs`. */
async function waitForReaders({ manager, bus }: Pick<Daemon, "bus" | "manager">, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (manager.readerCount() + bus.readerCount > 0 && performance.now() < deadlineMs) {
    await Bun.sleep(lastReadersPollMs);
  }
}
