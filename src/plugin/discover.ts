import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { GafferSettings } from "../config/gaffer-section.ts";
import { defaultPluginsDir } from "../config/gaffer-section.ts";
import { reasonOf } from "../reason.ts";
import { GafferdError } from "../errors.ts";
import { suggestion } from "../suggestion.ts";
import type { PluginRoot } from "./plugins.ts";

/** A folder of a root: a plugin, or a site alone. */
export interface PluginFolder {
  /** Of the folder, which is that of its site. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly bundled: boolean;
  /** Absolute paths of the modules in its `plugin/`, `index.ts` first; empty for a site. */
  readonly modules: readonly string[];
}

/** What ships with gafferd. */
const bundledRoot = join(import.meta.dir, "../../plugins");

/** Where plugins live: `plugins_dir`, which wins, and what ships with gafferd. Throws GafferdError. */
export function pluginRoots(settings: GafferSettings, shipped = bundledRoot): PluginRoot[] {
  const { pluginsDir, bundledPlugins } = settings;
  if (bundledPlugins !== "all") assertShipped(bundledPlugins, shipped);
  return [
    { folder: pluginsDir, bundled: false, only: "all" },
    { folder: shipped, bundled: true, only: bundledPlugins },
  ];
}

/** The folders of all roots; of two with one name the earlier root's. Throws GafferdError for a root that cannot be read. */
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

function assertShipped(wanted: readonly string[], shipped: string): void {
  const there = foldersIn(shipped);
  for (const name of wanted.filter((each) => !there.includes(each))) {
    const near = suggestion(name, there) || `; there are ${there.join(", ") || "none"}`;
    throw new GafferdError(
      "not_found",
      `\`bundled_plugins\` of [gaffer] names \`${name}\`, which does not ship${near}`,
    );
  }
}

/** Sorted, without those that are hidden or hold what others install. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith(".") && name !== "node_modules" && isFolder(join(folder, name)))
      .toSorted();
  } catch (cause) {
    // Nobody need have plugins, nor a checkout of gafferd those that ship with it.
    const isOptional = folder === defaultPluginsDir || folder === bundledRoot;
    if (isOptional && (cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    const advice = "make it, or name another with -p or `plugins_dir` of [gaffer]";
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

/** Links count as what they lead to. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
