import { cpSync, lstatSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { GafferdError } from "../../errors.ts";
import { readNpmSettings } from "./npmrc.ts";
import { fetchPackage } from "./registry.ts";
import { unpack } from "./tarball.ts";

/** What is to be installed, brought to this machine. */
export interface Fetched {
  /** Below the folder that was given. */
  readonly path: string;
  /** What its folder is to be called if no plugin in it says so. */
  readonly name: string;
}

/** Brings the content of a folder, a tarball or a package into `staging`, which is empty. Throws GafferdError. */
export async function fetchSource(source: string, staging: string): Promise<Fetched> {
  const content = join(staging, "content");
  const path = resolve(source);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    cpSync(path, content, { recursive: true, verbatimSymlinks: true, filter: isTaken });
    return { path: content, name: basename(path) };
  }
  if (found?.isFile()) {
    const unpacked = await unpack(path, content);
    const own = packageName(unpacked) ?? (unpacked === content ? undefined : basename(unpacked));
    return { path: unpacked, name: own ?? basename(path).replace(/\.(tgz|tar(\.gz)?)$/, "") };
  }
  if (/^[./~]|\.tgz$|\.tar(\.gz)?$/.test(source)) {
    throw new GafferdError("not_found", `cannot install ${source}: there is no such file or folder`);
  }
  const tarball = join(staging, "package.tgz");
  writeFileSync(tarball, await fetchPackage(source, readNpmSettings()));
  const unpacked = await unpack(tarball, content);
  return { path: unpacked, name: packageName(unpacked) ?? source };
}

/** Sockets and the like are of no use in a copy, and the history of the source is not installed. */
function isTaken(path: string): boolean {
  const found = lstatSync(path);
  return basename(path) !== ".git" && (found.isFile() || found.isDirectory() || found.isSymbolicLink());
}

/** `memory-guard` of `@someone/gafferd-plugin-memory-guard`. */
function packageName(folder: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: unknown };
    return typeof name === "string" ? basename(name).replace(/^gafferd-plugin-/, "") : undefined;
  } catch {
    // None, or none that can be read.
    return undefined;
  }
}
