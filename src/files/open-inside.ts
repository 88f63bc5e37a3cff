import { ptr } from "bun:ffi";
import { type BigIntStats, closeSync, constants, fstat, fstatSync, open, readlinkSync } from "node:fs";
import { lazyLibc } from "../libc.ts";
import { OpenedFile } from "./opened-file.ts";

/** A folder that was found; it is not open. */
export interface FoundFolder {
  readonly kind: "folder";
  /** Absolute, with links resolved. */
  readonly path: string;
}

/**
 * Opens the file at `path` if it is inside the folder `root`. Both are absolute, and `root` has no links. Links that stay
 * inside are followed. What was opened is checked, so it does not help to replace a file or a folder with a link
 * meanwhile. Does not block the event loop.
 *
 * Undefined for what is outside, or neither a file nor a folder: reading a FIFO would block. Rejects with the errors of
 * `node:fs`.
 */
export async function openInside(root: string, path: string): Promise<OpenedFile | FoundFolder | undefined> {
  const fd = openWithoutLinks(path, fileHow);
  return fd === undefined ? await openAndCheck(root, path) : take(fd, path);
}

/**
 * Whether there is a folder at this absolute path, and no part of the path is a link. Does not wait for a disk: false also
 * if the kernel would have to ask one, and without openat2 (Linux 5.12). So look again, without blocking, if it is false.
 */
export function isCachedFolder(path: string): boolean {
  const fd = openWithoutLinks(path, folderHow);
  if (fd !== undefined) closeSync(fd);
  return fd !== undefined;
}

/** Opens a path that contains no link and is in the kernel's cache. Undefined for any other path. */
function openWithoutLinks(path: string, how: BigUint64Array): number | undefined {
  if (!isLinux) return undefined;
  const fd = linux().syscall(openat2, currentFolder, ptr(Buffer.from(`${path}\0`)), ptr(how), how.byteLength);
  return fd < 0 ? undefined : Number(fd);
}

/**
 * Opens what `path` leads to, only as a reference on Linux: this starts no device. Then asks the kernel where that is, and
 * opens it for reading if it is inside `root`.
 */
async function openAndCheck(root: string, path: string): Promise<OpenedFile | FoundFolder | undefined> {
  const reference = await openPath(path, isLinux ? referenceOnly : readFlags);
  try {
    const real = pathOf(reference);
    if (real !== root && !real.startsWith(root.endsWith("/") ? root : `${root}/`)) return undefined;
    const stat = await statOf(reference);
    if (stat.isDirectory()) return { kind: "folder", path: real };
    if (!stat.isFile()) return undefined;
    return new OpenedFile(await openPath(`${descriptors}/${reference}`, readFlags), real, stat);
  } finally {
    closeSync(reference);
  }
}

/** Takes over the descriptor of a path without links. */
function take(fd: number, path: string): OpenedFile | FoundFolder | undefined {
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return new OpenedFile(fd, path, stat);
  closeSync(fd);
  return stat.isDirectory() ? { kind: "folder", path } : undefined;
}

const isLinux = process.platform === "linux";
const descriptors = isLinux ? "/proc/self/fd" : "/dev/fd";
/** Without `O_NONBLOCK`, a FIFO would wait for a writer, and a file for the program that has a lease on it. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
/** O_PATH and O_CLOEXEC on Linux. */
const [referenceOnly, closeOnExec] = [0o10000000, 0o2000000];

/** See openat2(2). The number of the call is the same on all of Bun's Linux platforms. */
const openat2 = 437;
/** AT_FDCWD; the path is absolute. */
const currentFolder = -100;
const [noSymlinks, cached] = [0x04n, 0x20n];
/** `struct open_how`: flags, mode, how the path is resolved. */
const fileHow = BigUint64Array.of(BigInt(readFlags | closeOnExec), 0n, noSymlinks | cached);
const folderHow = BigUint64Array.of(
  BigInt(referenceOnly | constants.O_DIRECTORY | closeOnExec),
  0n,
  noSymlinks | cached,
);

const linux = lazyLibc({ syscall: { args: ["i64", "i64", "ptr", "ptr", "u64"], returns: "i64" } });

function openPath(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => open(path, flags, (error, fd) => (error ? reject(error) : resolve(fd))));
}

function statOf(fd: number): Promise<BigIntStats> {
  return new Promise((resolve, reject) => {
    fstat(fd, { bigint: true }, (error, stat) => (error ? reject(error) : resolve(stat)));
  });
}

/** Where an open file or folder is. */
function pathOf(fd: number): string {
  return isLinux ? readlinkSync(`${descriptors}/${fd}`) : pathOnMac(fd);
}

/** F_GETPATH, and MAXPATHLEN; see fcntl(2) of macOS. */
const [getPath, maxPathBytes] = [50, 1024];

/** The argument is passed seven times for the calling convention of arm64; see `process/libc.ts`. */
function pathOnMac(fd: number): string {
  const bytes = Buffer.alloc(maxPathBytes);
  const at = ptr(bytes);
  if (mac().fcntl(fd, getPath, at, at, at, at, at, at, at) === -1) throw new Error("cannot find out where a file is");
  return bytes.toString("utf8", 0, bytes.indexOf(0));
}

const mac = lazyLibc({
  fcntl: { args: ["i32", "i32", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
});
