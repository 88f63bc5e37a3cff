import { ptr } from "bun:ffi";
import { messageOf } from "../reason.ts";
import { GafferdError } from "../errors.ts";
import { loadLibc } from "../libc.ts";

/** C library functions that Bun and Node do not provide. Each returns -1 on failure. */
export interface Libc {
  /** Stores the read end and the write end of a new pipe in `ends`. Both are close-on-exec. */
  pipe(ends: Int32Array): number;
  fcntl(fd: number, command: number, argument: number): number;
  /** Makes gafferd the parent of each descendant whose own parent exits. Linux only. */
  becomeSubreaper?(): number;
  /** Whether a child is a zombie, without reaping it. `/proc` takes four system calls and a descriptor for this. Linux only. */
  isZombie?(osPid: number): boolean;
  /**
   * True if any process has ended, and is a zombie without threads that run. False if it has not, if there is none, or if no
   * descriptor is free. Linux only.
   */
  hasEnded?(osPid: number): boolean;
  /** The session of a process or zombie. Linux only. */
  sessionOf?(osPid: number): number;
  /** The process group of a process or zombie. A twentieth of the time of a read from `/proc`. Linux only. */
  groupOf?(osPid: number): number;
  /** Reaps a zombie child. Returns its pid, or 0 if it is still running. Linux only. */
  reap?(osPid: number): number;
}

let loaded: Libc | undefined;

/** The C library of this system, loaded once. Throws GafferdError `spawn_failed` if it cannot be loaded. */
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
  const [noHang, exited, noWait] = [1, 4, 0x1000000];
  const [byPid, siginfo] = [1, new Int32Array(32)];
  // The number of this call is the same on all architectures.
  const [pidfdOpen, pollIn, polled] = [434, 1, new Int32Array(2)];
  const symbols = loadLibc({
    pipe2: { args: ["ptr", "i32"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
    getsid: { args: ["i32"], returns: "i32" },
    getpgid: { args: ["i32"], returns: "i32" },
    waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
    syscall: { args: ["i64", "i32", "i32"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  return {
    pipe: (ends) => symbols.pipe2(ptr(ends), closeOnExec),
    fcntl: symbols.fcntl,
    becomeSubreaper: () => symbols.prctl(setChildSubreaper, 1, 0, 0, 0),
    isZombie(osPid) {
      siginfo[0] = 0; // It remains 0 if the child is running.
      return symbols.waitid(byPid, osPid, ptr(siginfo), exited | noHang | noWait) === 0 && siginfo[0] !== 0;
    },
    hasEnded(osPid) {
      const fd = symbols.syscall(pidfdOpen, osPid, 0);
      if (fd < 0) return false;
      // A descriptor of a process becomes readable when the last thread has ended.
      polled[0] = fd;
      polled[1] = pollIn;
      const isReadable = symbols.poll(ptr(polled), 1, 0) === 1;
      symbols.close(fd);
      return isReadable;
    },
    sessionOf: symbols.getsid,
    groupOf: symbols.getpgid,
    reap: (osPid) => symbols.waitpid(osPid, null, noHang),
  };
}

/**
 * macOS has no `pipe2`, so close-on-exec is set in a second call; this thread cannot spawn in between. The arm64 calling
 * convention of macOS passes variadic arguments on the stack, after eight registers. `fcntl` gets its argument seven times,
 * so that it is in the third register (x64) and in the first stack slot (arm64).
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
