import { libc } from "../libc.ts";
import { cannotSpawn } from "./spawn-error.ts";

/** Two descriptors of one pipe, both blocking, both closed by exec. Their owner closes each exactly once. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const [getStatusFlags, setStatusFlags] = [3, 4];
const nonBlocking = process.platform === "darwin" ? 0x4 : 0o4000;
const ends = new Int32Array(2);

/**
 * Opens a real pipe. What `Bun.spawn` calls a pipe is a pair of sockets, and a program that opens `/dev/stdout` or
 * `/dev/stdin` fails on those with ENXIO. Throws GafferdError `spawn_failed`, transient, when descriptors have run out.
 */
export function openPipe(): Pipe {
  if (libc().pipe(ends) !== 0) {
    // pipe(2) has no other cause of failure than a table of files that is full: the process's or the system's.
    throw cannotSpawn("cannot make a pipe: too many files are open; raise the limit (`ulimit -n`)", {
      transient: true,
    });
  }
  const [readEnd, writeEnd] = ends as unknown as [number, number];
  return { readEnd, writeEnd };
}

/** Makes writes and reads through `fd` give EAGAIN instead of waiting. The other end of the pipe is not concerned. */
export function setNonBlocking(fd: number): void {
  const flags = libc().fcntl(fd, getStatusFlags, 0);
  if (flags === -1 || libc().fcntl(fd, setStatusFlags, flags | nonBlocking) === -1) {
    throw cannotSpawn(`cannot make descriptor ${fd} non-blocking`, { transient: false });
  }
}
