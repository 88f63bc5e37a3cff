import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { isCachedFolder } from "../../files/open-inside.ts";
import type { InstalledPlugins, PluginRoot } from "../plugins.ts";
import { throwIfOverloaded } from "./overloaded.ts";

/**
 * The folder of the site at `/_plugin/<name>/`, absolute with links resolved: the `_site` of the plugin with that name, or
 * of the folder with that name. Looked up for each request, so that sites can be added and removed at any time. Rejects with
 * `overloaded` if no file descriptor is free.
 */
export async function findSite(plugins: InstalledPlugins, name: string): Promise<string | undefined> {
  const plugin = plugins.find(name);
  const ofPlugin = plugin && (await siteIn(plugin.folder));
  if (ofPlugin !== undefined) return ofPlugin;
  for (const root of plugins.roots) {
    if (!isUsed(root, name)) continue;
    const folder = join(root.folder, name);
    if (isCachedFolder(join(folder, "_site")) || (await isFolder(folder))) return await siteIn(folder);
  }
  return undefined;
}

/** The names of all folders that have a site, sorted. */
export async function listSites(plugins: InstalledPlugins): Promise<string[]> {
  const names = new Set<string>();
  for (const root of plugins.roots) {
    for (const name of await readdir(root.folder).catch(() => [])) if (isUsed(root, name)) names.add(name);
  }
  const found = await Promise.all(
    [...names].map(async (name) => ((await findSite(plugins, name)) === undefined ? [] : [name])),
  );
  return found.flat().toSorted();
}

/**
 * The folder to serve for a plugin's folder: its `_site`, or the whole folder if it has neither `_site` nor code.
 * Undefined if there is nothing to serve, or if `_site` is a link to a place outside the folder. Rejects with `overloaded`.
 */
export async function siteIn(folder: string): Promise<string | undefined> {
  // Usually true, and at once. A response of more than 16 KiB that takes a turn of the event loop is slow: Bun 1.4.5 sends
  // each part of its headers with a system call of its own.
  const usual = join(folder, "_site");
  if (isCachedFolder(usual)) return usual;
  try {
    const real = await realpath(folder);
    if (!(await exists(join(real, "_site")))) return (await exists(join(real, "plugin"))) ? undefined : real;
    const site = await realpath(join(real, "_site"));
    return site.startsWith(real + sep) && (await isFolder(site)) ? site : undefined;
  } catch (cause) {
    throwIfOverloaded(cause);
    // The folder was removed meanwhile or is not readable.
    return undefined;
  }
}

function isUsed({ only }: PluginRoot, name: string): boolean {
  return !name.startsWith(".") && name !== "node_modules" && (only === "all" || only.includes(name));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
