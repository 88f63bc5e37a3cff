import { readFileSync, readdirSync } from "node:fs";
import { tryRead } from "../proc-file.ts";
import { type ProcStat, procStatOf } from "../proc-stat.ts";

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
    const stat = found.has(osPid) ? undefined : procStatOf(osPid);
    if (stat === undefined) continue;
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
