import { readFileSync } from "node:fs";

const windowMs = 200;
const quietShare = 0.1;
/** Maximum time of a wait, and of all waits of a run together. */
const maxWaitMs = 5000;
const maxWaitOfRunMs = 60_000;

let maxShare = 0;
let waitedMs = 0;

/** Waits until other programs use little CPU, with a time limit, because their load distorts the figures. */
export async function whenQuiet(): Promise<void> {
  const startedMs = performance.now();
  const limitMs = Math.min(maxWaitMs, maxWaitOfRunMs - waitedMs);
  let share: number;
  do share = await busyShare();
  while (share > quietShare && performance.now() - startedMs < limitMs);
  // Sampling the load does not count as waiting.
  waitedMs += performance.now() - startedMs - windowMs;
  maxShare = Math.max(maxShare, share);
}

/** The highest share of CPU time (0…1) that other programs used right before a measurement. */
export function othersShare(): number {
  return maxShare;
}

async function busyShare(): Promise<number> {
  const before = cpuTicks();
  await Bun.sleep(windowMs);
  const after = cpuTicks();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function cpuTicks(): { idle: number; all: number } {
  const [, ...ticks] = readFileSync("/proc/stat", "latin1").split("\n", 1)[0]?.split(/ +/).map(Number) ?? [];
  // user nice system idle iowait irq softirq steal; the remaining fields are included in user and nice.
  const [, , , idle = 0, iowait = 0] = ticks;
  return { idle: idle + iowait, all: ticks.slice(0, 8).reduce((sum, each) => sum + each, 0) };
}
