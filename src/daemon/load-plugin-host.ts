import type { Config } from "../config/config.ts";
import { createPluginApi } from "../http/plugins/plugin-api.ts";
import type { Logger } from "../log.ts";
import type { HostOptions, PluginHost } from "../plugin/host.ts";
import type { ProvidedModules } from "../plugin/provide.ts";

/** See `DaemonOptions`. */
export interface PluginHostOptions {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  readonly pluginModules?: ProvidedModules;
  readonly bundledPluginsFolder?: string;
}

/**
 * Loads the plugins and creates their apps, but does not start them. Returns undefined without `pluginModules`; then
 * the code that only plugins need is not loaded either. Throws what `openPlugins` throws.
 */
export async function loadPluginHost(
  { config, version, log, pluginModules, bundledPluginsFolder }: PluginHostOptions,
  parts: Pick<HostOptions, "manager" | "bus" | "sampler" | "api">,
): Promise<PluginHost | undefined> {
  if (pluginModules === undefined) return undefined;
  const { openPlugins } = await import("../plugin/host.ts");
  return await openPlugins({
    ...parts,
    ...(bundledPluginsFolder !== undefined && { bundledFolder: bundledPluginsFolder }),
    config,
    version,
    log,
    modules: pluginModules,
    openApi: createPluginApi,
  });
}
