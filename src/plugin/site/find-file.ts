import type { BigIntStats } from "node:fs";
import { access, constants, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** What stands at a path of a site. */
export type SiteEntry = { readonly kind: "folder" } | SiteFile;

/** A regular file that can be read. */
export interface SiteFile {
  readonly kind: "file";
  /** Absolute, free of links. */
  readonly path: string;
  readonly stat: BigIntStats;
}

/**
 * What these names lead to below `root`, which must be absolute and free of links. Undefined for what is not there, may
 * not be read, is hidden or outside (through a link), or is neither file nor folder: a FIFO would keep its reader
 * waiting.
 *
 * It is checked first and opened later. Who could put a link in its place in between can write in the plugin's folder,
 * and has code run by gafferd from there anyway.
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
