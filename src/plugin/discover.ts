import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { GafferSettings } from "../config/gaffer-section.ts";
import { defaultPluginsDir } from "../config/gaffer-section.ts";
import { reasonOf } from "../reason.ts";
import { GafferdError } from "../errors.ts";
import { suggestion } from "../suggestion.ts";
import type { PluginRoot } from "./plugins.ts";

/** A folder in a root: a plugin, or a site without code. */
export interface PluginFolder {
  /** Name of the folder, and of its site. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly bundled: boolean;
  /** Absolute paths of the modules in its `plugin/`, `index.ts` first; empty for a site without code. */
  readonly modules: readonly string[];
}

/** The plugins that ship with gafferd. */
const bundledRoot = join(import.meta.dir, "../../plugins");

/** The roots to look for plugins in: `plugins_dir`, which takes precedence, and the bundled plugins. Throws GafferdError. */
export function pluginRoots(settings: GafferSettings, bundledFolder = bundledRoot): PluginRoot[] {
  const { pluginsDir, bundledPlugins } = settings;
  if (bundledPlugins !== "all") assertBundled(bundledPlugins, bundledFolder);
  return [
    { folder: pluginsDir, bundled: false, only: "all" },
    { folder: bundledFolder, bundled: true, only: bundledPlugins },
  ];
}

/**
 * The folders of all roots. If two have the same name, the one of the earlier root is used. Throws GafferdError if a root
 * cannot be read.
 */
export function findPluginFolders(roots: readonly PluginRoot[]): PluginFolder[] {
  const found = new Map<string, PluginFolder>();
  for (const { folder, bundled, only } of roots) {
    for (const name of foldersIn(folder)) {
      if (found.has(name) || (only !== "all" && !only.includes(name))) continue;
      const path = join(folder, name);
      found.set(name, { name, path, bundled, modules: modulesIn(join(path, "plugin")) });
    }
  }
  return [...found.values()];
}

function assertBundled(wanted: readonly string[], bundledFolder: string): void {
  const names = foldersIn(bundledFolder);
  for (const name of wanted.filter((each) => !names.includes(each))) {
    const near = suggestion(name, names) || `; the bundled plugins are ${names.join(", ") || "none"}`;
    throw new GafferdError(
      "not_found",
      `unknown plugin \`${name}\` in \`bundled_plugins\` of [gaffer]: it does not ship with gafferd${near}`,
    );
  }
}

/** The names of the folders, sorted, without hidden ones and `node_modules`. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith(".") && name !== "node_modules" && isFolder(join(folder, name)))
      .toSorted();
  } catch (cause) {
    // The default folders need not exist.
    const isOptional = folder === defaultPluginsDir || folder === bundledRoot;
    if (isOptional && (cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    const advice = "create it, or name another folder with -p or `plugins_dir` of [gaffer]";
    throw new GafferdError("not_found", `cannot read the plugins in ${folder}: ${reasonOf(cause)}; ${advice}`, {
      cause,
    });
  }
}

function modulesIn(folder: string): string[] {
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).filter((name) => /(?<!\.d)\.[cm]?[jt]sx?$/.test(name) && !name.startsWith("."));
  const [entries, others] = [true, false].map((isEntry) =>
    names.filter((name) => name.startsWith("index.") === isEntry),
  );
  return [...(entries ?? []).toSorted(), ...(others ?? []).toSorted()].map((name) => join(folder, name));
}

/** Follows links. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
