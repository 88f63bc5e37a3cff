import { mkdirSync } from "node:fs";
import type { Config } from "../../config/config.ts";
import { findPluginFolders, pluginRoots } from "../../plugin/discover.ts";
import type { PluginRoot } from "../../plugin/plugins.ts";
import { readConfig } from "../read-config.ts";
import { resolvePaths } from "../resolve-paths.ts";
import { type FolderReport, inspectFolder } from "./inspect.ts";
import type { PlaceOptions } from "./plugin-options.ts";

/** The folders that a `gafferd plugin` command works on. */
export interface Places {
  /** `plugins_dir`. */
  readonly folder: string;
  readonly roots: readonly PluginRoot[];
  readonly config: Config;
}

/** Throws ConfigError, GafferdError. */
export function findPlaces({ config: file, "plugins-dir": pluginsDir, ...flags }: PlaceOptions): Places {
  const paths = {
    ...(file === undefined ? {} : { config: file }),
    ...(pluginsDir === undefined ? {} : { pluginsDir }),
  };
  const insecureFiles = flags["insecure-files"] ?? false;
  const unused = { help: false, version: false, check: false, daemon: false, verbosity: 0 } as const;
  const config = readConfig(resolvePaths({ ...unused, ...paths, insecureFiles }));
  return { folder: config.gaffer.pluginsDir, roots: pluginRoots(config.gaffer), config };
}

/** Like `findPlaces`, but creates `plugins_dir` if it does not exist. */
export function makePlaces(options: PlaceOptions): Places {
  const places = findPlaces(options);
  mkdirSync(places.folder, { recursive: true });
  return places;
}

/** Everything that is installed, sorted by folder; bundled plugins come last. */
export async function readInventory({ roots, config }: Places): Promise<FolderReport[]> {
  const reports: FolderReport[] = [];
  // One at a time: each starts a process.
  for (const folder of findPluginFolders(roots)) reports.push(await inspectFolder(folder, config));
  return reports;
}

/** The names that other plugins can list as `mandatory` to require the content of a folder. */
export function namesIn({ folder, plugins }: FolderReport): string[] {
  return plugins.length === 0 ? [folder.name] : plugins.map(({ name }) => name);
}

/** The lines that describe a folder, one per plugin: `dummy 1.0  app and site  a test`. */
export function describeFolder({ folder, plugins, hasSite, problem }: FolderReport): string[] {
  const origin = folder.bundled ? "  (ships with gafferd)" : "";
  if (problem !== undefined) return [`${folder.name}  broken: ${problem}${origin}`];
  if (plugins.length === 0) return [`${folder.name}  ${hasSite ? "site" : "empty: neither code nor a site"}${origin}`];
  return plugins.map(({ name, version, description, mandatory }) => {
    const needs = mandatory.length === 0 ? "" : `  needs ${mandatory.join(", ")}`;
    const parts = [`${name} ${version}`.trim(), hasSite ? "app and site" : "app", description].filter(
      (part) => part !== "",
    );
    return `${parts.join("  ")}${needs}${origin}`;
  });
}
