import { existsSync, realpathSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { readFileBytes } from "../files/open-file.ts";

/** An import of a package. */
export interface PackageImport {
  readonly file: string;
  /** As in the source: `ms`, `@scope/name/part`. */
  readonly specifier: string;
}

/**
 * Finds packages that these modules import, directly or through files that they import by path, and that are neither
 * `given` by gafferd nor in a `node_modules` folder above them. Call it before the modules are imported: Bun 1.4.5 would
 * download such a package from npm and run it. Specifiers that are computed at run time are not found.
 */
export function findMissingImports(modules: readonly string[], given: readonly string[]): PackageImport[] {
  return scanImports(modules).packages.filter(
    ({ file, specifier }) => !isBuiltin(specifier) && !given.includes(specifier) && !isInstalled(specifier, file),
  );
}

/** The files of these modules: the modules and what they import by path, directly or through such files. */
export function filesOfModules(modules: readonly string[]): string[] {
  return [...scanImports(modules).files];
}

function scanImports(modules: readonly string[]): { files: ReadonlySet<string>; packages: PackageImport[] } {
  const packages: PackageImport[] = [];
  const files = new Set(modules);
  // The loop also visits files that are added while it runs.
  for (const file of files) {
    for (const specifier of importsOf(file)) {
      if (/^\.{0,2}\//.test(specifier)) {
        const path = resolvePath(specifier, file);
        if (path !== undefined) files.add(path);
      } else packages.push({ file, specifier });
    }
  }
  return { files, packages };
}

function importsOf(file: string): string[] {
  const [, language] = /\.[cm]?([jt]s)x?$/.exec(file) ?? [];
  if (language === undefined || file.includes("/node_modules/")) return [];
  const loader = language === "js" || file.endsWith("x") ? "tsx" : "ts";
  try {
    return new Bun.Transpiler({ loader })
      .scanImports(readFileBytes(file, { maxBytes: 16 * 1024 * 1024 }))
      .map(({ path }) => path);
  } catch {
    // The import itself reports a file that cannot be read or parsed, with a better message.
    return [];
  }
}

function resolvePath(specifier: string, file: string): string | undefined {
  try {
    // As Bun does when it loads the file.
    return Bun.resolveSync(specifier, dirname(realpathSync(file)));
  } catch {
    return undefined;
  }
}

/** URLs such as `data:` are not packages, and names with `#` come from `imports` of the nearest package.json. */
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
