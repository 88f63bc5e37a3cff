import { existsSync, globSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The result of an `include` or `include_dir`: the file that it names, or the files that it selects, sorted. */
export type Included =
  | { readonly kind: "named"; readonly path: string }
  | { readonly kind: "selected"; readonly paths: readonly string[] };

/**
 * Finds the files of an `include` (an absolute path or pattern) or `include_dir` (a folder). Skips names that begin
 * with a dot unless the pattern contains them: lock files of editors, `._x.ini` of macOS, `.git`, and the hidden
 * folders of a Kubernetes ConfigMap, whose files are also linked from the main folder. Throws the errors of the file
 * system.
 */
export function findIncluded(path: string, kind: "pattern" | "folder"): Included {
  if (kind === "folder") return { kind: "selected", paths: iniFilesBelow(path).toSorted() };
  if (!/[*?[{]/.test(path) || existsSync(path)) return { kind: "named", path };
  // `**` also matches hidden folders, so a hidden name is accepted only if the pattern contains it.
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

/** True for a link to a folder, false for a broken link. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
