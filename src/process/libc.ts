import { ptr } from "bun:ffi";
import { messageOf } from "../reason.ts";
import { GafferdError } from "../errors.ts";
import { loadLibc } from "../libc.ts";

/** The few calls of the C library that neither Bun nor node offers. Each gives -1 for a failure. */
export interface Libc {
  /** Fills `ends` with the read end and the write end of a new pipe; both are closed in children by exec. */
  pipe(ends: Int32Array): number;
  fcntl(fd: number, command: number, argument: number): number;
  /** Makes this program the parent of every descendant whose own parent has ended. Linux alone has it. */
  becomeSubreaper?(): number;
  /** Takes the exit status of a child that has ended, so that it is no zombie any more. Gives its id, or 0 while it lives. */
  reap?(osPid: number): number;
}

let loaded: Libc | undefined;

/** The C library of this machine, loaded once. Throws GafferdError `spawn_failed` if none can be loaded. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  try {
    return process.platform === "darwin" ? loadMac() : loadLinux();
  } catch (cause) {
    const reason = messageOf(cause);
    throw new GafferdError("spawn_failed", `cannot create pipes for processes: ${reason}`, {
      details: { transient: false },
      cause,
    });
  }
}

function loadLinux(): Libc {
  const closeOnExec = 0o2000000;
  const setChildSubreaper = 36;
  const noHang = 1;
  const symbols = loadLibc({
    pipe2: { args: ["ptr", "i32"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  });
  return {
    pipe: (ends) => symbols.pipe2(ptr(ends), closeOnExec),
    fcntl: symbols.fcntl,
    becomeSubreaper: () => symbols.prctl(setChildSubreaper, 1, 0, 0, 0),
    reap: (osPid) => symbols.waitpid(osPid, null, noHang),
  };
}

/**
 * macOS has no `pipe2`, so close-on-exec comes second; nothing else of this thread can spawn in between. Its arm64 calling
 * convention passes variadic arguments on the stack, after eight registers: hence the argument seven times, so that
 * `fcntl` finds it in the third register (x64) as well as in the first place of the stack (arm64).
 */
function loadMac(): Libc {
  const [setFdFlags, closeOnExec] = [2, 1];
  const symbols = loadLibc({
    pipe: { args: ["ptr"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], returns: "i32" },
  });
  const fcntl = (fd: number, command: number, x: number) => symbols.fcntl(fd, command, x, x, x, x, x, x, x);
  return {
    pipe(ends) {
      const failed = symbols.pipe(ptr(ends));
      if (failed === 0) for (const fd of ends) fcntl(fd, setFdFlags, closeOnExec);
      return failed;
    },
    fcntl,
  };
}
