import { existsSync, globSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What an `include` or `include_dir` means: the one file that it names, or those that it selects, sorted. */
export type Included =
  | { readonly kind: "named"; readonly path: string }
  | { readonly kind: "selected"; readonly paths: readonly string[] };

/**
 * The files that an absolute path or pattern of `include`, or a folder of `include_dir`, selects. Names that begin
 * with a dot are left out, unless they are written: an editor's locks, macOS's `._x.ini`, `.git`, and the folders of a
 * Kubernetes ConfigMap, whose files are links beside them. Throws what the file system does.
 */
export function findIncluded(path: string, kind: "pattern" | "folder"): Included {
  if (kind === "folder") return { kind: "selected", paths: iniFilesBelow(path).toSorted() };
  if (!/[*?[{]/.test(path) || existsSync(path)) return { kind: "named", path };
  // `**` matches hidden folders too, so a hidden name counts only where the pattern names it.
  const hidden = path.split("/").filter(isHidden);
  const isWritten = (name: string): boolean => hidden.some((each) => each === name || new Bun.Glob(each).match(name));
  const paths = globSync(path).filter((found) => {
    return found.split("/").every((name) => !isHidden(name) || isWritten(name)) && !isFolder(found);
  });
  return { kind: "selected", paths: paths.toSorted() };
}

function isHidden(name: string): boolean {
  return name.startsWith(".");
}

function iniFilesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (isHidden(entry.name)) return [];
    if (entry.isDirectory()) return iniFilesBelow(path);
    return entry.name.endsWith(".ini") && !isFolder(path) ? [path] : [];
  });
}

/** A link to a folder is one; one that leads nowhere is not. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
