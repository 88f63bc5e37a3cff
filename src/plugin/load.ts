import { GafferdError } from "../errors.ts";
import type { PluginFolder } from "./discover.ts";
import { describeFault } from "./fault.ts";
import { findMissingImports } from "./imports.ts";
import { Plugin } from "./plugin.ts";

/** A plugin and where it was loaded from. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly folder: PluginFolder;
  /** Path of the module that exports its class. */
  readonly file: string;
}

/**
 * Imports the modules of a folder and creates an instance of each exported class that extends `Plugin`. Throws a
 * GafferdError that names the module and the problem.
 */
export async function loadPlugins(folder: PluginFolder, provided: readonly string[]): Promise<LoadedPlugin[]> {
  const missing = findMissingImports(folder.modules, provided);
  if (missing.length > 0) {
    const list = missing.map(({ file, specifier }) => `\`${specifier}\` (imported by ${file})`).join(", ");
    const advice = `run \`bun add\` in ${folder.path}, or import only ${provided.join(", ")}`;
    throw new GafferdError("not_found", `cannot load the plugin in ${folder.path}: missing package ${list}; ${advice}`);
  }
  // A class that several modules export counts once, for the first module.
  const files = new Map<PluginClass, string>();
  for (const file of folder.modules) {
    const exported = await load(file, () => import(file));
    for (const value of Object.values(exported)) if (isPluginClass(value) && !files.has(value)) files.set(value, file);
  }
  const loaded: LoadedPlugin[] = [];
  for (const [Class, file] of files) {
    const plugin = await load(file, () => new Class());
    assertValidPlugin(plugin, file);
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

/** Checks at run time what the compiler would check, since plugins run without type checking. */
function assertValidPlugin({ name, mandatory }: Plugin, file: string): void {
  if (typeof name !== "string" || !/^[a-z\d][\w.-]*$/i.test(name)) {
    const advice = "use letters, digits, `_`, `.` and `-`, and begin with a letter or a digit";
    throw new GafferdError(
      "bad_value",
      `cannot load the plugin ${file}: ${JSON.stringify(name)} is not a valid \`name\`; ${advice}`,
    );
  }
  if (!Array.isArray(mandatory) || mandatory.some((each) => typeof each !== "string")) {
    throw new GafferdError("bad_value", `cannot load the plugin ${file}: \`mandatory\` must be a list of names`);
  }
}
