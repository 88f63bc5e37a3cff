import { closeSync, openSync, readSync } from "node:fs";
import { GafferdError } from "../errors.ts";

/** More than any `/proc/PID/stat` or `/proc/PID/io` has. */
const textBytes = Buffer.allocUnsafeSlow(4096);

/**
 * The text of a small file of `/proc`, up to 4 KiB of it, in three calls of the kernel where `readFileSync` makes five:
 * of a thousand processes every second that is felt. Throws what node throws.
 */
export function readProcText(path: string): string {
  const fd = openSync(path, "r");
  try {
    return textBytes.toString("latin1", 0, readSync(fd, textBytes, 0, textBytes.length, 0));
  } finally {
    closeSync(fd);
  }
}

/**
 * What `read` gives; undefined when what it reads of `/proc` is gone, or not ours to see. Throws GafferdError
 * `overloaded` when no descriptor is free: then nobody can say what is there.
 */
export function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EMFILE" && code !== "ENFILE") return undefined;
    const advice = "try again, or raise its limit of open files";
    throw new GafferdError("overloaded", `cannot read /proc: gafferd has no free file descriptors; ${advice}`, {
      cause,
    });
  }
}
