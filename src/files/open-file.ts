import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { asUser, type FileUser } from "./as-user.ts";
import { findUnsafePart } from "./safe-path.ts";

/** A file that is not regular, or is too large. `message` says which, without the path. */
export class UnsuitableFileError extends Error {
  override readonly name = "UnsuitableFileError";
  readonly path: string;
  readonly code: "EISDIR" | "ELOOP" | "ENOTREG" | "EFBIG";

  constructor(path: string, code: UnsuitableFileError["code"], message: string) {
    super(message);
    this.path = path;
    this.code = code;
  }
}

export interface ReadFileOptions {
  /** A larger file is refused. */
  readonly maxBytes: number;
  /** Reads the file as this user. Default: gafferd's own user. */
  readonly user?: FileUser | undefined;
}

/**
 * Opens a regular file for reading and returns its descriptor, which the caller closes. Never blocks: a FIFO, socket or
 * device is refused. Throws UnsuitableFileError and the errors of `node:fs`.
 */
export function openFile(path: string, user?: FileUser): number {
  return regularOrClosed(path, openAs(path, user));
}

/** Returns the descriptor of a regular file. Closes any other, and throws UnsuitableFileError. */
export function regularOrClosed(path: string, fd: number): number {
  try {
    assertRegular(path, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Reads a whole regular file; see `openFile`. Throws UnsuitableFileError if it is larger than `maxBytes`. */
export function readFileBytes(path: string, { maxBytes, user }: ReadFileOptions): Buffer {
  const fd = openFile(path, user);
  try {
    // Files in /proc have the size 0, and a file may grow while it is read.
    const { size } = fstatSync(fd);
    if (size > maxBytes) throw tooLarge(path, maxBytes);
    const chunks: Buffer[] = [];
    for (let total = 0, want = Math.max(size + 1, 4096); ; want = 65536) {
      const chunk = Buffer.allocUnsafe(want);
      const length = readSync(fd, chunk, 0, want, null);
      if (length === 0) return Buffer.concat(chunks, total);
      total += length;
      if (total > maxBytes) throw tooLarge(path, maxBytes);
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}

/** Reads a whole regular file as UTF-8; see `readFileBytes`. */
export function readFileText(path: string, options: ReadFileOptions): string {
  return readFileBytes(path, options).toString("utf8");
}

function openAs(path: string, user: FileUser | undefined): number {
  const open = (): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return user === undefined ? open() : asUser(user, open);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A secret that root keeps for a user: nobody else can have chosen this file.
    if (user !== undefined && code === "EACCES" && findUnsafePart(path) === undefined) return open();
    throw toUnsuitable(path, error);
  }
}

/** The UnsuitableFileError for an error of `openSync`; other errors unchanged. */
export function toUnsuitable(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ELOOP") return new UnsuitableFileError(path, "ELOOP", "it is a link");
  if (code !== "ENXIO") return error;
  return new UnsuitableFileError(
    path,
    "ENOTREG",
    "it is a FIFO without a reader, a socket or a device, not a regular file",
  );
}

/** Throws UnsuitableFileError if `stat` is not of a regular file. */
function assertRegular(path: string, stat: Stats): void {
  if (stat.isFile()) return;
  if (stat.isDirectory()) throw new UnsuitableFileError(path, "EISDIR", "it is a directory");
  const kind = stat.isFIFO() ? "a FIFO" : stat.isSocket() ? "a socket" : "a device";
  throw new UnsuitableFileError(path, "ENOTREG", `it is ${kind}, not a regular file`);
}

function tooLarge(path: string, maxBytes: number): UnsuitableFileError {
  const limit = maxBytes >= 1 << 20 ? `${maxBytes / (1 << 20)} MiB` : `${maxBytes / 1024} KiB`;
  return new UnsuitableFileError(path, "EFBIG", `it is larger than ${limit}`);
}
