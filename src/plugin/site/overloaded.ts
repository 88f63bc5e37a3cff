import { GafferdError } from "../../errors.ts";

/** Throws GafferdError `overloaded` if `cause` says that no file descriptor is free. */
export function throwIfOverloaded(cause: unknown): void {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "EMFILE" && code !== "ENFILE") return;
  const advice = "try again, or raise its limit of open files (`ulimit -n`)";
  throw new GafferdError("overloaded", `cannot open a file: gafferd has no free file descriptors; ${advice}`, {
    cause,
  });
}
