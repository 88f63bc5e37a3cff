import { readFileSync, readdirSync } from "node:fs";
import { tryRead } from "../proc-file.ts";
import { type ProcStat, procStatOf } from "../proc-stat.ts";

/** The children of the thread that runs this program; those of its workers are the workers' own. */
export function ownChildren(): number[] {
  return childrenOfThread(process.pid, process.pid);
}

/**
 * `roots` and all that descends from them through parents that live, each with where it belongs. What has ended is not
 * among them. Empty where the system does not tell of children.
 */
export function withDescendants(roots: Iterable<number>): Map<number, ProcStat> {
  const found = new Map<number, ProcStat>();
  const waiting = [...roots];
  for (let osPid = waiting.pop(); osPid !== undefined; osPid = waiting.pop()) {
    const membership = found.has(osPid) ? undefined : procStatOf(osPid);
    if (membership === undefined) continue;
    found.set(osPid, membership);
    waiting.push(...childrenOf(osPid));
  }
  return found;
}

/** A child belongs to the thread that started it. */
function childrenOf(osPid: number): number[] {
  const threads = tryRead(() => readdirSync(`/proc/${osPid}/task`)) ?? [];
  return threads.flatMap((thread) => childrenOfThread(osPid, thread));
}

function childrenOfThread(osPid: number, thread: number | string): number[] {
  const text = tryRead(() => readFileSync(`/proc/${osPid}/task/${thread}/children`, "latin1")) ?? "";
  return text.split(" ").filter(Boolean).map(Number);
}
