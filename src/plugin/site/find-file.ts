import type { BigIntStats } from "node:fs";
import { access, constants, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** A folder or file of a site. */
export type SiteEntry = { readonly kind: "folder" } | SiteFile;

/** A regular file that can be read. */
export interface SiteFile {
  readonly kind: "file";
  /** Absolute, with links resolved. */
  readonly path: string;
  readonly stat: BigIntStats;
}

/**
 * Finds the file or folder at this path below `root`, which must be absolute with links resolved. Undefined if it does not
 * exist, is not readable, is hidden, is outside `root` (through a link), or is neither a file nor a folder: reading a FIFO
 * would block.
 *
 * The file is checked here and opened later. Someone who can replace it with a link meanwhile can write to the plugin's
 * folder, and gafferd runs code from there anyway.
 */
export async function findEntry(root: string, names: readonly string[]): Promise<SiteEntry | undefined> {
  try {
    const path = await realpath(join(root, ...names));
    if (!isVisibleBelow(root, path)) return undefined;
    const found = await stat(path, { bigint: true });
    if (found.isDirectory()) return { kind: "folder" };
    if (!found.isFile()) return undefined;
    await access(path, constants.R_OK);
    return { kind: "file", path, stat: found };
  } catch (error) {
    if (absences.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const absences = new Set(["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"]);

function isVisibleBelow(root: string, path: string): boolean {
  if (path === root) return true;
  const names = relative(root, path).split(sep);
  return path.startsWith(root.endsWith(sep) ? root : root + sep) && names.every((name) => !name.startsWith("."));
}
