import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { badValue } from "./value.ts";

/** The result of an `include` or `include_dir`: the file that it names, or the files that it selects, sorted. */
export type Included =
  | { readonly kind: "named"; readonly path: string }
  | { readonly kind: "selected"; readonly paths: readonly string[] };

/** Of one `include` or `include_dir`, so that a name such as `/` cannot keep gafferd busy. */
const defaultLimits = { levels: 16, files: 10_000, entries: 100_000 };

/**
 * In steps, finds the files of an `include` (an absolute path or pattern) or `include_dir` (a folder). Skips names that begin
 * with a dot unless the pattern contains them: lock files of editors, `._x.ini` of macOS, `.git`, and the hidden
 * folders of a Kubernetes ConfigMap, whose files are also linked from the main folder. Follows links to files, but not
 * to folders. Throws `bad_value` at more than 16 levels of folders, 10,000 files or 100,000 entries, and the errors of
 * the file system.
 */
export function* findIncluded(
  path: string,
  kind: "pattern" | "folder",
  limits = defaultLimits,
): Generator<void, Included> {
  if (kind === "folder") {
    return yield* select(path, { isFile: (file) => file.endsWith(".ini"), isEntered: isVisible, limits });
  }
  if (!/[*?[{]/.test(path) || existsSync(path)) return { kind: "named", path };
  // `**` also matches hidden folders, so a hidden name is accepted only if the pattern contains it.
  const hidden = path.split("/").filter((name) => !isVisible(name));
  const isAccepted = (name: string): boolean =>
    isVisible(name) || hidden.some((each) => each === name || new Bun.Glob(each).match(name));
  const glob = new Bun.Glob(path);
  const fixed = path.slice(0, path.search(/[*?[{]/));
  const root = fixed.slice(0, fixed.lastIndexOf("/")) || "/";
  if (!isFolder(root)) return { kind: "selected", paths: [] };
  // Without `**`, a pattern has as many levels as it has slashes.
  const levels = path.includes("**") ? Infinity : path.slice(root.length).split("/").length;
  const depthOf = (folder: string): number => folder.slice(root.length).split("/").length;
  return yield* select(root, {
    isFile: (file) => glob.match(file),
    isEntered: (name, folder) => isAccepted(name) && depthOf(folder) <= levels,
    isAccepted,
    limits,
  });
}

interface Selection {
  readonly limits: typeof defaultLimits;
  isFile(path: string): boolean;
  /** Whether to look into a folder. */
  isEntered(name: string, path: string): boolean;
  /** Whether a name may be that of a file. Default: if it is not hidden. */
  isAccepted?(name: string): boolean;
}

function* select(
  root: string,
  { limits, isFile, isEntered, isAccepted = isVisible }: Selection,
): Generator<void, Included> {
  const paths: string[] = [];
  let entries = 0;
  function* visit(folder: string, depth: number): Generator<void> {
    if (depth > limits.levels)
      throw badValue(`${root} has more than ${limits.levels} levels of folders; name a folder further down`);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      yield;
      if (++entries > limits.entries) throw tooMany(root, limits.entries, "entries");
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (isEntered(entry.name, path)) yield* visit(path, depth + 1);
      } else if (isAccepted(entry.name) && isFile(path) && !isFolder(path)) {
        if (paths.push(path) > limits.files) throw tooMany(root, limits.files, "files");
      }
    }
  }
  yield* visit(root, 1);
  return { kind: "selected", paths: paths.toSorted() };
}

function tooMany(root: string, count: number, what: string): Error {
  return badValue(`${root} has more than ${count} ${what} to include; name a smaller folder`);
}

function isVisible(name: string): boolean {
  return !name.startsWith(".");
}

/** True for a link to a folder, false for a broken link. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
