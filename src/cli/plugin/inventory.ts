import { mkdirSync } from "node:fs";
import { findPluginFolders, pluginRoots } from "../../plugin/discover.ts";
import type { PluginRoot } from "../../plugin/plugins.ts";
import { readConfig } from "../read-config.ts";
import { resolvePaths } from "../resolve-paths.ts";
import { type FolderReport, inspectFolder } from "./inspect.ts";
import type { PlaceOptions } from "./plugin-options.ts";

/** Where plugins are, for a command line. */
export interface Places {
  /** `plugins_dir`. */
  readonly folder: string;
  readonly roots: readonly PluginRoot[];
}

/** Throws ConfigError, GafferdError. */
export function findPlaces({ config, "plugins-dir": pluginsDir }: PlaceOptions): Places {
  const paths = { ...(config === undefined ? {} : { config }), ...(pluginsDir === undefined ? {} : { pluginsDir }) };
  const options = { help: false, version: false, check: false, daemon: false, verbosity: 0, ...paths } as const;
  const { gaffer } = readConfig(resolvePaths(options));
  return { folder: gaffer.pluginsDir, roots: pluginRoots(gaffer) };
}

/** As `findPlaces`; makes `plugins_dir` if it is not there. */
export function makePlaces(options: PlaceOptions): Places {
  const places = findPlaces(options);
  mkdirSync(places.folder, { recursive: true });
  return places;
}

/** All that is installed, sorted by folder, what ships with gafferd last. */
export async function readInventory(roots: readonly PluginRoot[]): Promise<FolderReport[]> {
  const reports: FolderReport[] = [];
  // One after the other: each is a program of its own.
  for (const folder of findPluginFolders(roots)) reports.push(await inspectFolder(folder));
  return reports;
}

/** The names by which others can need what is in a folder. */
export function namesIn({ folder, plugins }: FolderReport): string[] {
  return plugins.length === 0 ? [folder.name] : plugins.map(({ name }) => name);
}

/** What is to be said of a folder, a line each: `dummy 1.0  app and site  a test`. */
export function describeFolder({ folder, plugins, hasSite, problem }: FolderReport): string[] {
  const origin = folder.bundled ? "  (ships with gafferd)" : "";
  if (problem !== undefined) return [`${folder.name}  broken: ${problem}${origin}`];
  if (plugins.length === 0) return [`${folder.name}  ${hasSite ? "site" : "nothing: neither code nor site"}${origin}`];
  return plugins.map(({ name, version, description, mandatory }) => {
    const needs = mandatory.length === 0 ? "" : `  needs ${mandatory.join(", ")}`;
    const parts = [`${name} ${version}`.trim(), hasSite ? "app and site" : "app", description].filter(
      (part) => part !== "",
    );
    return `${parts.join("  ")}${needs}${origin}`;
  });
}
