import { closeSync, openSync, readSync } from "node:fs";
import { GafferdError } from "../errors.ts";

/** Larger than any `/proc/PID/stat` or `/proc/PID/io`. */
const textBytes = Buffer.allocUnsafeSlow(4096);

/**
 * Reads up to 4 KiB of a file in `/proc`. Makes three system calls where `readFileSync` makes five, which matters for a
 * thousand processes every second. Throws the errors of `node:fs`.
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
 * Calls `read`, which reads from `/proc`, and returns its result. Returns undefined if the file does not exist or access
 * is denied. Throws GafferdError `overloaded` if no file descriptor is free.
 */
export function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EMFILE" && code !== "ENFILE") return undefined;
    const advice = "try again, or raise its limit of open files (`ulimit -n`)";
    throw new GafferdError("overloaded", `cannot read /proc: gafferd has no free file descriptors; ${advice}`, {
      cause,
    });
  }
}
