import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { InstalledPlugins, PluginRoot } from "../plugins.ts";

/**
 * The folder of the site at `/_plugin/<name>/`, absolute and free of links: the `_site` of the plugin of that name, or
 * of the folder of that name. Looked up anew for each request, so that sites may come and go.
 */
export async function findSite(plugins: InstalledPlugins, name: string): Promise<string | undefined> {
  const plugin = plugins.find(name);
  const ofPlugin = plugin && (await siteIn(plugin.folder));
  if (ofPlugin !== undefined) return ofPlugin;
  for (const root of plugins.roots) {
    if (!counts(root, name)) continue;
    const folder = join(root.folder, name);
    if (await isFolder(folder)) return await siteIn(folder);
  }
  return undefined;
}

/** The names of all folders that have a site, sorted. */
export async function listSites(plugins: InstalledPlugins): Promise<string[]> {
  const names = new Set<string>();
  for (const root of plugins.roots) {
    for (const name of await readdir(root.folder).catch(() => [])) if (counts(root, name)) names.add(name);
  }
  const found = await Promise.all(
    [...names].map(async (name) => ((await findSite(plugins, name)) === undefined ? [] : [name])),
  );
  return found.flat().toSorted();
}

/**
 * The folder that is served of a plugin's folder: its `_site`; the whole of it if it has neither that nor code.
 * Undefined when there is nothing to serve, or `_site` is a link that leads out of the folder.
 */
export async function siteIn(folder: string): Promise<string | undefined> {
  try {
    const real = await realpath(folder);
    if (!(await exists(join(real, "_site")))) return (await exists(join(real, "plugin"))) ? undefined : real;
    const site = await realpath(join(real, "_site"));
    return site.startsWith(real + sep) && (await isFolder(site)) ? site : undefined;
  } catch {
    // It went meanwhile, or may not be read.
    return undefined;
  }
}

function counts({ only }: PluginRoot, name: string): boolean {
  return !name.startsWith(".") && name !== "node_modules" && (only === "all" || only.includes(name));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
