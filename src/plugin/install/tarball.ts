import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ReadEntry, extract, list } from "tar";
import { messageOf } from "../../reason.ts";
import { GafferdError } from "../../errors.ts";

const maxBytes = 256 * 1024 * 1024;
const maxEntries = 20_000;

/**
 * Creates `folder`, unpacks a tarball into it, and returns the folder of the content: the only top-level folder, unless that
 * is `plugin` or `_site`. Throws a GafferdError if the tarball contains anything but files and folders, or paths outside
 * the folder; then nothing is unpacked.
 */
export async function unpack(file: string, folder: string): Promise<string> {
  let problem: string | undefined;
  let bytes = 0;
  let entries = 0;
  const check = (entry: ReadEntry) => {
    bytes += entry.size;
    entries += 1;
    if (bytes > maxBytes || entries > maxEntries) problem ??= "it contains more than 256 MiB or 20,000 files";
    problem ??= problemOf(entry);
  };
  try {
    await list({ file, onReadEntry: check, strict: true, maxDecompressionRatio: 1000 });
    if (problem === undefined) {
      mkdirSync(folder);
      // Ignores the owners and the setuid bits in the tarball.
      await extract({ file, cwd: folder, strict: true, preserveOwner: false, fmode: 0o644, dmode: 0o755 });
    }
  } catch (cause) {
    problem = messageOf(cause);
  }
  if (problem !== undefined) throw new GafferdError("bad_value", `cannot unpack ${file}: ${problem}`);
  const [only, ...others] = readdirSync(folder, { withFileTypes: true });
  if (only === undefined || others.length > 0 || !only.isDirectory()) return folder;
  return ["plugin", "_site"].includes(only.name) ? folder : join(folder, only.name);
}

function problemOf({ path, type }: ReadEntry): string | undefined {
  if (!["File", "OldFile", "ContiguousFile", "Directory"].includes(type)) {
    return `${JSON.stringify(path)} is a ${type}; only files and folders are allowed`;
  }
  const isOutside = path.startsWith("/") || path.split(/[\\/]/).includes("..") || path.includes("\0");
  return isOutside ? `${JSON.stringify(path)} is outside the folder` : undefined;
}
