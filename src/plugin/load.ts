import { GafferdError } from "../errors.ts";
import type { PluginFolder } from "./discover.ts";
import { describeFault } from "./fault.ts";
import { findMissingImports } from "./imports.ts";
import { Plugin } from "./plugin.ts";

/** A plugin, and where it is from. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly folder: PluginFolder;
  /** The module that exports its class. */
  readonly file: string;
}

/**
 * Imports the modules of a folder and makes one of each class that extends `Plugin`. Throws a GafferdError that names
 * the module and what is wrong with it.
 */
export async function loadPlugins(folder: PluginFolder, provided: readonly string[]): Promise<LoadedPlugin[]> {
  const missing = findMissingImports(folder.modules, provided);
  if (missing.length > 0) {
    const list = missing.map(({ file, specifier }) => `\`${specifier}\` (imported by ${file})`).join(", ");
    const advice = `gafferd installs nothing: run \`bun add\` in ${folder.path}, or import only ${provided.join(", ")}`;
    throw new GafferdError("not_found", `cannot load the plugin in ${folder.path}: there is no ${list}; ${advice}`);
  }
  // A class that several modules export is one plugin, of the first.
  const files = new Map<PluginClass, string>();
  for (const file of folder.modules) {
    const exported = await load(file, () => import(file));
    for (const value of Object.values(exported)) if (isPluginClass(value) && !files.has(value)) files.set(value, file);
  }
  const loaded: LoadedPlugin[] = [];
  for (const [Class, file] of files) {
    const plugin = await load(file, () => new Class());
    assertSound(plugin, file);
    loaded.push({ plugin, folder, file });
  }
  return loaded;
}

type PluginClass = new () => Plugin;

function isPluginClass(value: unknown): value is PluginClass {
  return typeof value === "function" && value.prototype instanceof Plugin;
}

async function load<T>(file: string, take: () => T | Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (cause) {
    throw new GafferdError("internal", `cannot load the plugin ${file}: ${describeFault(cause, file)}`, { cause });
  }
}

/** What no compiler may have seen. */
function assertSound({ name, mandatory }: Plugin, file: string): void {
  if (typeof name !== "string" || !/^[a-z\d][\w.-]*$/i.test(name)) {
    const advice = "give its class a `name` of letters, digits, `_`, `.` and `-` that begins with a letter or a digit";
    throw new GafferdError(
      "bad_value",
      `cannot load the plugin ${file}: ${JSON.stringify(name)} is no name; ${advice}`,
    );
  }
  if (!Array.isArray(mandatory) || mandatory.some((each) => typeof each !== "string")) {
    throw new GafferdError("bad_value", `cannot load the plugin ${file}: \`mandatory\` must be a list of names`);
  }
}
