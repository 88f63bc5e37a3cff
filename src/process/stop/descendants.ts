import { readFileSync, readdirSync } from "node:fs";
import { libc } from "../libc.ts";
import { tryRead } from "../proc-file.ts";
import { isAlive, type ProcStat, procStatOf } from "../proc-stat.ts";

/** The children of gafferd's main thread. Children of worker threads are not included. */
export function ownChildren(): number[] {
  return childrenOfThread(process.pid, process.pid);
}

/**
 * Returns the running processes among `roots` and all their descendants, by pid. A descendant is found only if all
 * processes between it and a root are running. Needs `/proc/PID/task/TID/children`; without it, only the roots are found.
 */
export function withDescendants(roots: Iterable<number>): Map<number, ProcStat> {
  const found = new Map<number, ProcStat>();
  const pending = [...roots];
  for (let osPid = pending.pop(); osPid !== undefined; osPid = pending.pop()) {
    // A zombie has no children: they became orphans when it exited. This is faster than a read from `/proc`.
    if (found.has(osPid) || libc().hasEnded?.(osPid) === true) continue;
    const stat = procStatOf(osPid);
    if (stat === undefined || !isAlive(stat)) continue;
    found.set(osPid, stat);
    pending.push(...childrenOf(osPid));
  }
  return found;
}

/** The kernel lists children by the thread that started them. */
function childrenOf(osPid: number): number[] {
  const threads = tryRead(() => readdirSync(`/proc/${osPid}/task`)) ?? [];
  return threads.flatMap((thread) => childrenOfThread(osPid, thread));
}

function childrenOfThread(osPid: number, thread: number | string): number[] {
  const text = tryRead(() => readFileSync(`/proc/${osPid}/task/${thread}/children`, "latin1")) ?? "";
  return text.split(" ").filter(Boolean).map(Number);
}
