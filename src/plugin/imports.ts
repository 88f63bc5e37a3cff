import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";

/** An import that cannot be had. */
export interface MissingImport {
  readonly file: string;
  /** As it is written: `ms`, `@scope/name/part`. */
  readonly specifier: string;
}

/**
 * The packages that these modules, and what they import by path, name and that neither gafferd gives (`given`) nor a
 * `node_modules` above them holds. To be asked before the modules are imported: Bun 1.4.5 would fetch such a package
 * from npm and run it. A name that is made up at run time cannot be seen here.
 */
export function findMissingImports(modules: readonly string[], given: readonly string[]): MissingImport[] {
  const missing: MissingImport[] = [];
  const seen = new Set(modules);
  // A set that grows is walked to its end.
  for (const file of seen) {
    for (const specifier of importsOf(file)) {
      if (/^\.{0,2}\//.test(specifier)) {
        const path = resolvePath(specifier, file);
        if (path !== undefined) seen.add(path);
      } else if (!isBuiltin(specifier) && !given.includes(specifier) && !isInstalled(specifier, file)) {
        missing.push({ file, specifier });
      }
    }
  }
  return missing;
}

function importsOf(file: string): string[] {
  const [, language] = /\.[cm]?([jt]s)x?$/.exec(file) ?? [];
  if (language === undefined || file.includes("/node_modules/")) return [];
  const loader = language === "js" || file.endsWith("x") ? "tsx" : "ts";
  try {
    return new Bun.Transpiler({ loader }).scanImports(readFileSync(file)).map(({ path }) => path);
  } catch {
    // What cannot be read or parsed says so itself, and better, when it is imported.
    return [];
  }
}

function resolvePath(specifier: string, file: string): string | undefined {
  try {
    return Bun.resolveSync(specifier, dirname(file));
  } catch {
    return undefined;
  }
}

/** `data:` and the like are no packages, and `#` begins a name of the nearest package.json's own. */
function isBuiltin(specifier: string): boolean {
  return /^([a-z]{2,}:|#)/.test(specifier) || specifier === "bun" || builtinModules.includes(specifier);
}

function isInstalled(specifier: string, file: string): boolean {
  const [name = ""] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", name))) return true;
    if (folder === dirname(folder)) return false;
  }
}
