import type { Config } from "../config/config.ts";
import { ConfigError, type ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { suggestion } from "../suggestion.ts";
import { findPluginFolders, type PluginFolder, pluginRoots } from "./discover.ts";
import { isFrom } from "./fault.ts";
import { HostedPlugin, type HostedOptions } from "./hosted-plugin.ts";
import { type LoadedPlugin, loadPlugins } from "./load.ts";
import { startOrder } from "./order.ts";
import { toDaemonSettings, toPluginConfig } from "./plugin-config.ts";
import type { InstalledPlugins } from "./plugins.ts";
import { providedNames, type ProvidedModules, provideModules } from "./provide.ts";

export interface HostOptions extends Omit<HostedOptions, "config"> {
  readonly config: Config;
  /** Of gafferd. */
  readonly version: string;
  /** What plugins can import beside `elysia`. */
  readonly modules: ProvidedModules;
  /** Where the plugins are that ship with gafferd; default: beside `src/`. */
  readonly bundledFolder?: string;
}

/** The plugins of a daemon. */
export interface PluginHost {
  readonly installed: InstalledPlugins;
  /** Starts each after what it needs. Throws what the first that fails throws; those before it are stopped by then. */
  start(): Promise<void>;
  /** Restarts each, one after the other. What fails is logged, and the others go on. */
  restart(): Promise<void>;
  /** Throws ConfigError for settings that a plugin refuses, or that are for none; changes nothing. */
  check(config: Config): void;
  /** Hands new settings to all, and restarts them. */
  reconfigure(config: Config): Promise<void>;
  /** Stops them in reverse; nothing starts them again. Never throws. */
  stop(): Promise<void>;
  /** The plugin whose code threw this, as far as its stack tells. */
  culpritOf(fault: unknown): string | undefined;
}

/**
 * Finds and loads the plugins and makes their apps; none is started yet. Throws a GafferdError for a plugin that cannot
 * be loaded or misses what it needs, a ConfigError for wrong settings.
 */
export async function openPlugins(options: HostOptions): Promise<PluginHost> {
  const { config, version, log } = options;
  const roots = pluginRoots(config.gaffer, options.bundledFolder);
  const folders = findPluginFolders(roots);
  const loaded = withoutDoubles(await loadAll(folders, options.modules), log);
  const sites = folders.filter(({ modules }) => modules.length === 0).map(({ name }) => name);
  const problems = findUnsettled(config, loaded, sites);
  const ordered = startOrder(
    loaded.map((each) => ({ ...each, name: each.plugin.name, mandatory: each.plugin.mandatory })),
    sites,
  );
  const settings = toDaemonSettings(config, version);
  const hosted = ordered.flatMap((each) =>
    collectProblems(problems, () => {
      return new HostedPlugin(each, { ...options, config: toPluginConfig(each.name, config, settings) });
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  const check = (next: Config): ConfigProblem[] => findUnsettled(next, loaded, sites);
  return createHost(hosted, { roots, log, version, check });
}

interface HostParts extends Pick<InstalledPlugins, "roots"> {
  readonly log: Logger;
  readonly version: string;
  /** The sections that are for no plugin. */
  readonly check: (config: Config) => ConfigProblem[];
}

function createHost(hosted: readonly HostedPlugin[], { roots, log, version, check }: HostParts): PluginHost {
  // One thing at a time, so that no plugin is started while it stops.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (action: () => Promise<void>): Promise<void> => {
    const turn = last.then(action);
    last = turn.catch(() => {});
    return turn;
  };

  // What was asked for before the stop may come in turn after it.
  let isStopped = false;

  async function stopAll(): Promise<void> {
    isStopped = true;
    for (const plugin of hosted.toReversed()) await plugin.stop();
  }

  async function restartAll(): Promise<void> {
    if (isStopped) return;
    for (const plugin of hosted.toReversed()) if (!plugin.restartsItself) await plugin.stop();
    for (const plugin of hosted) {
      try {
        await plugin.restart();
      } catch (error) {
        log.error((error as Error).message, error);
      }
    }
  }

  return {
    installed: { roots, list: () => hosted, find: (name) => hosted.find((plugin) => plugin.name === name) },
    start: () =>
      inTurn(async () => {
        try {
          for (const plugin of hosted) await plugin.start();
        } catch (error) {
          await stopAll();
          throw error;
        }
      }),
    restart: () => inTurn(restartAll),
    check(config) {
      const problems = check(config);
      const settings = toDaemonSettings(config, version);
      for (const plugin of hosted) {
        collectProblems(problems, () => plugin.check(toPluginConfig(plugin.name, config, settings)));
      }
      if (problems.length > 0) throw new ConfigError(problems);
    },
    reconfigure: (config) =>
      inTurn(async () => {
        const settings = toDaemonSettings(config, version);
        for (const plugin of hosted) plugin.configure(toPluginConfig(plugin.name, config, settings));
        await restartAll();
      }),
    stop: () => inTurn(stopAll),
    culpritOf: (fault) => hosted.find(({ folder }) => isFrom(fault, folder))?.name,
  };
}

async function loadAll(folders: readonly PluginFolder[], modules: ProvidedModules): Promise<LoadedPlugin[]> {
  const withCode = folders.filter((folder) => folder.modules.length > 0);
  if (withCode.length === 0) return [];
  await provideModules(modules);
  const loaded: LoadedPlugin[] = [];
  for (const folder of withCode) loaded.push(...(await loadPlugins(folder, providedNames(modules))));
  return loaded;
}

/** One of each name: what a person installed takes the place of what ships with gafferd. */
function withoutDoubles(loaded: readonly LoadedPlugin[], log: Logger): LoadedPlugin[] {
  const byName = new Map<string, LoadedPlugin>();
  for (const each of loaded) {
    const { name } = each.plugin;
    const other = byName.get(name);
    if (other === undefined) byName.set(name, each);
    else if (!other.folder.bundled && each.folder.bundled) {
      log.info(`the plugin \`${name}\` of ${other.file} takes the place of the one that ships with gafferd`);
    } else {
      const advice = "remove one, or give it another name";
      throw new GafferdError(
        "conflict",
        `two plugins have the name \`${name}\`: ${other.file} and ${each.file}; ${advice}`,
      );
    }
  }
  return [...byName.values()];
}

/** What `act` returns, or nothing and the problems of the ConfigError that it throws. */
function collectProblems<T>(problems: ConfigProblem[], act: () => T): T[] {
  try {
    return [act()];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

/** Every `[plugin:NAME]` that is for no plugin. */
function findUnsettled(
  { plugins }: Config,
  loaded: readonly LoadedPlugin[],
  sites: readonly string[],
): ConfigProblem[] {
  const names = loaded.map(({ plugin }) => plugin.name);
  return [...plugins].flatMap(([label, { file, line, name: section }]) => {
    if (names.includes(label)) return [];
    const reason = sites.includes(label)
      ? "is for a site, which reads no settings"
      : "is for a plugin that is not installed";
    return [{ file, line, section, message: `${reason}${suggestion(label, names)}` }];
  });
}
