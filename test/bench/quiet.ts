import { readFileSync } from "node:fs";

const windowMs = 200;
const quietShare = 0.1;
/** For each wait, and for all waits of a run together. */
const patienceMs = 5000;
const patienceOfRunMs = 60_000;

let loudestShare = 0;
let waitedMs = 0;

/** Waits, for a while, until other programs leave the CPUs alone: what they take, gafferd and its limit lack. */
export async function whenQuiet(): Promise<void> {
  const startedMs = performance.now();
  const longestMs = Math.min(patienceMs, patienceOfRunMs - waitedMs);
  let share: number;
  do share = await busyShare();
  while (share > quietShare && performance.now() - startedMs < longestMs);
  // The look itself is no wait.
  waitedMs += performance.now() - startedMs - windowMs;
  loudestShare = Math.max(loudestShare, share);
}

/** The greatest part of the CPUs' time (0…1) that others took right before something was measured. */
export function othersShare(): number {
  return loudestShare;
}

async function busyShare(): Promise<number> {
  const before = cpuTicks();
  await Bun.sleep(windowMs);
  const after = cpuTicks();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function cpuTicks(): { idle: number; all: number } {
  const [, ...ticks] = readFileSync("/proc/stat", "latin1").split("\n", 1)[0]?.split(/ +/).map(Number) ?? [];
  // user nice system idle iowait irq softirq steal; what follows is counted in user and nice already.
  const [, , , idle = 0, iowait = 0] = ticks;
  return { idle: idle + iowait, all: ticks.slice(0, 8).reduce((sum, each) => sum + each, 0) };
}
