import { chmodSync, cpSync, lstatSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { GafferdError } from "../../errors.ts";
import { readFileText } from "../../files/open-file.ts";
import { readNpmSettings } from "./npmrc.ts";
import { fetchPackage } from "./registry.ts";
import { unpack } from "./tarball.ts";

/** A plugin that was copied or downloaded to be installed. */
export interface Fetched {
  /** Path of the content, inside the staging folder. */
  readonly path: string;
  /** Name for its folder if it contains no plugin with a name. */
  readonly name: string;
}

/** Copies a folder, unpacks a tarball or downloads a package into the empty folder `staging`. Throws GafferdError. */
export async function fetchSource(source: string, staging: string): Promise<Fetched> {
  const content = join(staging, "content");
  const path = resolve(source);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    cpSync(path, content, { recursive: true, verbatimSymlinks: true, filter: isCopied });
    denyWritingToOthers(content);
    return { path: content, name: basename(path) };
  }
  if (found?.isFile()) {
    const unpacked = await unpack(path, content);
    const own = packageName(unpacked) ?? (unpacked === content ? undefined : basename(unpacked));
    return { path: unpacked, name: own ?? basename(path).replace(/\.(tgz|tar(\.gz)?)$/, "") };
  }
  if (/^[./~]|\.tgz$|\.tar(\.gz)?$/.test(source)) {
    throw new GafferdError("not_found", `cannot install ${source}: no such file or directory`);
  }
  const tarball = join(staging, "package.tgz");
  writeFileSync(tarball, await fetchPackage(source, readNpmSettings()));
  const unpacked = await unpack(tarball, content);
  return { path: unpacked, name: packageName(unpacked) ?? source };
}

/** Skips `.git`, and anything that is not a file, folder or link, such as a socket. */
function isCopied(path: string): boolean {
  const found = lstatSync(path);
  return basename(path) !== ".git" && (found.isFile() || found.isDirectory() || found.isSymbolicLink());
}

/** The copy has the permissions of the source. As root, gafferd does not use plugins that others may write. */
function denyWritingToOthers(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  if ((found.mode & 0o022) !== 0) chmodSync(path, found.mode & 0o7755);
  if (found.isDirectory()) for (const name of readdirSync(path)) denyWritingToOthers(join(path, name));
}

/** `memory-guard` for the package `@someone/gafferd-plugin-memory-guard`. */
function packageName(folder: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileText(join(folder, "package.json"), { maxBytes: 1024 * 1024 })) as {
      name?: unknown;
    };
    return typeof name === "string" ? basename(name).replace(/^gafferd-plugin-/, "") : undefined;
  } catch {
    // There is no package.json, or it cannot be read.
    return undefined;
  }
}
