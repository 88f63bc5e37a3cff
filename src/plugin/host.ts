import type { Config } from "../config/config.ts";
import { ConfigError, type ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { finishInSlices } from "../slices.ts";
import { suggestion } from "../suggestion.ts";
import { findPluginFolders, type PluginFolder, pluginRoots } from "./discover.ts";
import { isFrom } from "./fault.ts";
import { HostedPlugin, type HostedOptions } from "./hosted-plugin.ts";
import { type LoadedPlugin, loadPlugins } from "./load.ts";
import { startOrder } from "./order.ts";
import { type DaemonSettings, toDaemonSettings, toPluginConfig } from "./plugin-config.ts";
import type { InstalledPlugins } from "./plugins.ts";
import { providedNames, type ProvidedModules, provideModules } from "./provide.ts";
import { findUnsafePlugins } from "./unsafe-plugins.ts";

export interface HostOptions extends Omit<HostedOptions, "config"> {
  readonly config: Config;
  /** The version of gafferd. */
  readonly version: string;
  /** The modules that plugins can import, besides `elysia`. */
  readonly modules: ProvidedModules;
  /** The folder of the bundled plugins; default: `plugins/` next to `src/`. */
  readonly bundledFolder?: string;
}

/** The plugins of a daemon. */
export interface PluginHost {
  readonly installed: InstalledPlugins;
  /** Starts each plugin after the ones it needs. If one fails, stops those already started and throws its error. */
  start(): Promise<void>;
  /** Restarts the plugins one after the other. If one fails, logs the error and continues with the next. */
  restart(): Promise<void>;
  /**
   * Rejects with ConfigError if a plugin rejects its settings, if settings belong to no plugin, or if somebody else can change a
   * plugin. Changes nothing.
   */
  check(config: Config): Promise<void>;
  /** Passes new settings to all plugins and restarts them. */
  reconfigure(config: Config): Promise<void>;
  /** Stops the plugins in reverse order. They cannot be started again. Never throws. */
  stop(): Promise<void>;
  /** The name of the plugin whose code threw the error, found from its stack. Undefined if there is none. */
  culpritOf(fault: unknown): string | undefined;
}

/**
 * Finds and loads the plugins and creates their apps, without starting them. Throws a GafferdError if a plugin cannot be
 * loaded or a plugin that it needs is missing, and a ConfigError if settings are wrong.
 */
export async function openPlugins(options: HostOptions): Promise<PluginHost> {
  const { config, version, log } = options;
  const roots = pluginRoots(config.gaffer, options.bundledFolder);
  const folders = findPluginFolders(roots);
  assertSafe(folders, config);
  const loaded = withoutDuplicates(await loadAll(folders, options.modules), log);
  const sites = folders.filter(({ modules }) => modules.length === 0).map(({ name }) => name);
  const problems = findUnknownSections(config, loaded, sites);
  const ordered = startOrder(
    loaded.map((each) => ({ ...each, name: each.plugin.name, mandatory: each.plugin.mandatory })),
    sites,
  );
  const copySettings = settingsCopier(version);
  const settings = await copySettings(config);
  const hosted = ordered.flatMap((each) =>
    collectProblems(problems, () => {
      return new HostedPlugin(each, { ...options, config: toPluginConfig(each.name, config, settings) });
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  const check = (next: Config): ConfigProblem[] => [
    ...findUnsafePlugins(folders, next),
    ...findUnknownSections(next, loaded, sites),
  ];
  return createHost(hosted, { roots, log, copySettings, check });
}

interface HostParts extends Pick<InstalledPlugins, "roots"> {
  readonly log: Logger;
  readonly copySettings: (config: Config) => Promise<DaemonSettings>;
  /** Finds plugins that other users can change, and sections that belong to no plugin. */
  readonly check: (config: Config) => ConfigProblem[];
}

function createHost(hosted: readonly HostedPlugin[], { roots, log, copySettings, check }: HostParts): PluginHost {
  // Actions run one after the other, so that no plugin is started while it stops.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (action: () => Promise<void>): Promise<void> => {
    const turn = last.then(action);
    last = turn.catch(() => {});
    return turn;
  };

  // A restart that was requested earlier may run after the stop.
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
    async check(config) {
      const problems = check(config);
      const settings = await copySettings(config);
      for (const plugin of hosted) {
        collectProblems(problems, () => plugin.check(toPluginConfig(plugin.name, config, settings)));
      }
      if (problems.length > 0) throw new ConfigError(problems);
    },
    reconfigure: (config) =>
      inTurn(async () => {
        const settings = await copySettings(config);
        for (const plugin of hosted) plugin.configure(toPluginConfig(plugin.name, config, settings));
        await restartAll();
      }),
    stop: () => inTurn(stopAll),
    culpritOf: (fault) => hosted.find(({ folder }) => isFrom(fault, folder))?.name,
  };
}

/** Copies settings in slices. A reload checks and applies the same configuration, which is copied once. */
function settingsCopier(version: string): (config: Config) => Promise<DaemonSettings> {
  const copies = new WeakMap<Config, DaemonSettings>();
  return async (config) => {
    const copy = copies.get(config) ?? (await finishInSlices(toDaemonSettings(config, version)));
    copies.set(config, copy);
    return copy;
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

/** Keeps one plugin of each name: one in `plugins_dir` replaces a bundled one. */
function withoutDuplicates(loaded: readonly LoadedPlugin[], log: Logger): LoadedPlugin[] {
  const byName = new Map<string, LoadedPlugin>();
  for (const each of loaded) {
    const { name } = each.plugin;
    const other = byName.get(name);
    if (other === undefined) byName.set(name, each);
    else if (!other.folder.bundled && each.folder.bundled) {
      log.info(`the plugin \`${name}\` in ${other.file} replaces the one that ships with gafferd`);
    } else {
      const advice = "remove or rename one of them";
      throw new GafferdError(
        "conflict",
        `two plugins are named \`${name}\`: ${other.file} and ${each.file}; ${advice}`,
      );
    }
  }
  return [...byName.values()];
}

/** Throws ConfigError before code of others is loaded. */
function assertSafe(folders: readonly PluginFolder[], config: Config): void {
  const problems = findUnsafePlugins(folders, config);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Returns the result of `act` in an array. If it throws a ConfigError, adds its problems and returns an empty array. */
function collectProblems<T>(problems: ConfigProblem[], act: () => T): T[] {
  try {
    return [act()];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

/** A problem for each `[plugin:NAME]` section that belongs to no plugin. */
function findUnknownSections(
  { plugins }: Config,
  loaded: readonly LoadedPlugin[],
  sites: readonly string[],
): ConfigProblem[] {
  const names = loaded.map(({ plugin }) => plugin.name);
  return [...plugins].flatMap(([label, { file, line, name: section }]) => {
    if (names.includes(label)) return [];
    const reason = sites.includes(label)
      ? "is for a site, which has no settings"
      : "is for a plugin that is not installed";
    return [{ file, line, section, message: `${reason}${suggestion(label, names)}` }];
  });
}
