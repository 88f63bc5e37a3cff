import { join, relative, sep } from "node:path";
import { type FoundFolder, openInside } from "../../files/open-inside.ts";
import type { OpenedFile } from "../../files/opened-file.ts";
import { throwIfOverloaded } from "./overloaded.ts";

/**
 * Opens the file, or finds the folder, at this path below `root`, which must be absolute with links resolved. Undefined if
 * it does not exist, is not readable, is hidden, is outside `root` (through a link), or is neither a file nor a folder.
 * Close the file. Rejects with `overloaded` if no file descriptor is free.
 */
export async function findEntry(root: string, names: readonly string[]): Promise<OpenedFile | FoundFolder | undefined> {
  try {
    const found = await openInside(root, join(root, ...names));
    if (found === undefined || isVisible(relative(root, found.path))) return found;
    if (found.kind === "file") found.close();
    return undefined;
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (absences.has(code)) return undefined;
    throwIfOverloaded(cause);
    throw cause;
  }
}

/** EAGAIN: a program has a lease on the file. */
const absences = new Set(["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG", "ENXIO", "EAGAIN"]);

function isVisible(path: string): boolean {
  return path === "" || path.split(sep).every((name) => !name.startsWith("."));
}
