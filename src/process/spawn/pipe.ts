import { libc } from "../libc.ts";
import { cannotSpawn } from "./spawn-error.ts";

/** The two descriptors of a pipe. Both block, and both are close-on-exec. The owner closes each exactly once. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const [getStatusFlags, setStatusFlags] = [3, 4];
const nonBlocking = process.platform === "darwin" ? 0x4 : 0o4000;
const ends = new Int32Array(2);

/**
 * Opens a real pipe. The "pipe" of `Bun.spawn` is a socket pair, and a program that opens `/dev/stdout` or `/dev/stdin`
 * fails on a socket with ENXIO. Throws GafferdError `spawn_failed` (transient) if no file descriptors are left.
 */
export function openPipe(): Pipe {
  if (libc().pipe(ends) !== 0) {
    // pipe(2) fails only if the file table of the process or of the system is full.
    throw cannotSpawn("cannot create a pipe: too many files are open; raise the limit (`ulimit -n`)", {
      transient: true,
    });
  }
  const [readEnd, writeEnd] = ends as unknown as [number, number];
  return { readEnd, writeEnd };
}

/** Makes reads and writes on `fd` fail with EAGAIN instead of blocking. Does not affect the other end of the pipe. */
export function setNonBlocking(fd: number): void {
  const flags = libc().fcntl(fd, getStatusFlags, 0);
  if (flags === -1 || libc().fcntl(fd, setStatusFlags, flags | nonBlocking) === -1) {
    throw cannotSpawn(`cannot make descriptor ${fd} non-blocking`, { transient: false });
  }
}
