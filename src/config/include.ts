import { existsSync, globSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What an `include` or `include_dir` means: the one file that it names, or those that it selects, sorted. */
export type Included =
  | { readonly kind: "named"; readonly path: string }
  | { readonly kind: "selected"; readonly paths: readonly string[] };

/**
 * The files that an absolute path or pattern of `include`, or a folder of `include_dir`, stands for. Names that begin
 * with a dot are left out, unless they are written: an editor's locks, macOS's `._x.ini`, `.git`, and the folders of a
 * Kubernetes ConfigMap, whose files are links beside them. Throws what the file system does.
 */
export function findIncluded(path: string, kind: "pattern" | "folder"): Included {
  if (kind === "folder") return { kind: "selected", paths: iniFilesBelow(path).toSorted() };
  if (!/[*?[{]/.test(path) || existsSync(path)) return { kind: "named", path };
  const isHidden = (name: string): boolean => name.startsWith(".");
  const segments = path.split("/");
  const paths = globSync(path).filter((found) => {
    // `**` may stand for any number of folders, so only what is hidden in the pattern itself may be hidden.
    const written = segments.filter(isHidden);
    return found.split("/").every((name) => !isHidden(name) || written.includes(name) || isMatched(name, written));
  });
  return { kind: "selected", paths: paths.filter((found) => !isFolder(found)).toSorted() };
}

function isMatched(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new Bun.Glob(pattern).match(name));
}

function iniFilesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return iniFilesBelow(path);
    return entry.name.endsWith(".ini") && !isFolder(path) ? [path] : [];
  });
}

/** A link to a folder is one; one that leads nowhere is not. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
