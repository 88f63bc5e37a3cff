import { ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { loadLibc } from "./libc.ts";

/** How many files a process may have open. Only root can raise `hard`. */
export interface FileLimit {
  readonly soft: number;
  readonly hard: number;
}

/** The variable in which `src/gafferd.sh` passes on the soft limit that it was started with. */
export const fileLimitVariable = "GAFFERD_NOFILE";

const resource = 7; // RLIMIT_NOFILE on Linux.
const numbers = new BigUint64Array(2);

let calls: ReturnType<typeof load> | undefined;

function load() {
  return loadLibc({
    getrlimit: { args: ["i32", "ptr"], returns: "i32" },
    setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  });
}

/** The limit of this process; undefined if it cannot be read (anywhere but on Linux). */
export function fileLimit(): FileLimit | undefined {
  if (process.platform !== "linux") return undefined;
  calls ??= load();
  if (calls.getrlimit(resource, ptr(numbers)) !== 0) return undefined;
  return { soft: Number(numbers[0]), hard: Number(numbers[1]) };
}

/** Returns whether it worked. Call it only if `fileLimit` returns a limit. */
export function setFileLimit({ soft, hard }: FileLimit): boolean {
  calls ??= load();
  numbers.set([BigInt(soft), BigInt(hard)]);
  return calls.setrlimit(resource, ptr(numbers)) === 0;
}

/** `null`: unknown, or still in force. */
let startingLimit: number | null | undefined;

/**
 * The soft limit of open files that gafferd was started with; undefined if it is still in force or unknown. Bun raises
 * the soft limit to the hard limit before it runs any of gafferd's code. Processes must not inherit that: programs that
 * use select(2) would fail, and others would close a million descriptors one by one. `src/gafferd.sh` passes the limit
 * on. Without it, the limit of the parent process is used, if both have the same hard limit. Call this early, while the
 * process that started gafferd is still its parent.
 */
export function startingFileLimit(): number | undefined {
  if (startingLimit === undefined) startingLimit = findStartingLimit() ?? null;
  return startingLimit ?? undefined;
}

function findStartingLimit(): number | undefined {
  const passed = process.env[fileLimitVariable];
  // A gafferd started by a process of this one has its own limit.
  delete process.env[fileLimitVariable];
  const own = fileLimit();
  if (own === undefined) return undefined;
  const before = passed !== undefined && /^\d+$/.test(passed) ? Number(passed) : limitOfParent(own.hard);
  return before !== undefined && before < own.soft ? before : undefined;
}

/** Reads the row `Max open files  1024  8192  files`; see proc_pid_limits(5). */
function limitOfParent(hard: number): number | undefined {
  try {
    const limits = readFileSync(`/proc/${process.ppid}/limits`, "latin1");
    const [, theirSoft, theirHard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits) ?? [];
    return Number(theirHard) === hard ? Number(theirSoft) : undefined;
  } catch {
    return undefined; // The parent belongs to another user, or has exited.
  }
}
