import { ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { loadLibc } from "./libc.ts";

/** How many files a program may have open. Only root can raise `hard`. */
export interface FileLimit {
  readonly soft: number;
  readonly hard: number;
}

/** In which `src/gafferd.sh` tells the soft limit that it was started with. */
export const fileLimitVariable = "GAFFERD_NOFILE";

const resource = 7; // RLIMIT_NOFILE of Linux.
const numbers = new BigUint64Array(2);

let calls: ReturnType<typeof load> | undefined;

function load() {
  return loadLibc({
    getrlimit: { args: ["i32", "ptr"], returns: "i32" },
    setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  });
}

/** The limit of this program; undefined where it cannot be told (Linux only). */
export function fileLimit(): FileLimit | undefined {
  if (process.platform !== "linux") return undefined;
  calls ??= load();
  if (calls.getrlimit(resource, ptr(numbers)) !== 0) return undefined;
  return { soft: Number(numbers[0]), hard: Number(numbers[1]) };
}

/** Returns whether it worked. Call it only where `fileLimit` tells the limit. */
export function setFileLimit({ soft, hard }: FileLimit): boolean {
  calls ??= load();
  numbers.set([BigInt(soft), BigInt(hard)]);
  return calls.setrlimit(resource, ptr(numbers)) === 0;
}

/** `null`: not known, or still in force. */
let startingLimit: number | null | undefined;

/**
 * The soft limit of open files that gafferd was started with, or undefined if it is still in force or cannot be told. Bun
 * raises the limit to the hard one before any code of ours runs. Processes must not inherit that: programs that use
 * select(2) would fail, and others would close a million descriptors one by one. `src/gafferd.sh` passes the limit on;
 * without it, it is taken from the parent process if that has the same hard limit. Call this early, while the process
 * that started gafferd is still its parent.
 */
export function startingFileLimit(): number | undefined {
  startingLimit ??= findStartingLimit() ?? null;
  return startingLimit ?? undefined;
}

function findStartingLimit(): number | undefined {
  const passed = process.env[fileLimitVariable];
  // Each gafferd has a limit of its own.
  delete process.env[fileLimitVariable];
  const own = fileLimit();
  if (own === undefined) return undefined;
  const before = passed !== undefined && /^\d+$/.test(passed) ? Number(passed) : limitOfParent(own.hard);
  return before !== undefined && before < own.soft ? before : undefined;
}

/** From the row `Max open files  1024  8192  files`; see proc_pid_limits(5). */
function limitOfParent(hard: number): number | undefined {
  try {
    const limits = readFileSync(`/proc/${process.ppid}/limits`, "latin1");
    const [, theirSoft, theirHard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits) ?? [];
    return Number(theirHard) === hard ? Number(theirSoft) : undefined;
  } catch {
    return undefined; // The parent is another user's, or has ended.
  }
}
