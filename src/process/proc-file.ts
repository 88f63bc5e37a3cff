import { GafferdError } from "../errors.ts";

/**
 * What `read` gives; undefined when what it reads of `/proc` is gone, or not ours to see. Throws GafferdError
 * `overloaded` when no descriptor is free: then nobody can say what is there.
 */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EMFILE" && code !== "ENFILE") return undefined;
    const advice = "try again, or raise its limit of open files";
    throw new GafferdError("overloaded", `cannot read /proc: gafferd has no file descriptor free; ${advice}`, {
      cause,
    });
  }
}
