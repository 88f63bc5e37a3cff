import { join } from "node:path";
import { startChild } from "./child.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { cpuSeconds, rssBytes } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";

const spawnLoop = join(import.meta.dir, "limits/spawn-loop.ts");
const processes = 1000;
const limit = "a bare Bun.spawn loop";
const pollMs = 5;
/** For what a start leaves behind: garbage, and timers that run out. */
const settleMs = 2000;
const idleMs = 3000;

/**
 * A thousand `sleep`s with both outputs redirected. The clock is the bench's for both: from the request (or the line on
 * stdin) until the status says that all run (or the loop says that it is done), asked every 5 ms.
 */
export const spawn = defineMeasure({
  name: "spawn",
  needs: [],
  figures: {
    time: {
      what: "1,000 processes running after",
      unit: "s",
      limit,
      goals: [{ of: "ratio", bound: "≤", value: 1.6 }],
    },
    memory: {
      what: "memory for each of 1,000",
      unit: "KB",
      limit,
      goals: [{ of: "ours", bound: "≤", value: 40 }],
    },
    idle: {
      what: "CPU with 1,000 idle, of one core",
      unit: "%",
      goals: [{ of: "ours", bound: "<", value: 2 }],
    },
  },
  round: async () => {
    const bare = await spawnBare();
    const ours = await spawnSupervised();
    return {
      time: { ours: ours.seconds, limit: bare.seconds },
      memory: { ours: ours.kilobytesEach, limit: bare.kilobytesEach },
      idle: { ours: ours.idlePercent },
    };
  },
});

interface Spawned {
  readonly seconds: number;
  readonly kilobytesEach: number;
}

async function spawnBare(): Promise<Spawned> {
  await whenQuiet();
  await using child = startChild([process.execPath, spawnLoop, String(processes)]);
  await child.stdout.match(/^started$/m);
  const rssBefore = rssBytes(child.osPid);
  const startedMs = performance.now();
  child.stdin.write("go\n");
  await child.stdout.match(/^ended$/m);
  const seconds = (performance.now() - startedMs) / 1000;
  await Bun.sleep(settleMs);
  const kilobytesEach = (rssBytes(child.osPid) - rssBefore) / 1000 / processes;
  await child.stdin.end();
  await child.exited;
  return { seconds, kilobytesEach };
}

async function spawnSupervised(): Promise<Spawned & { readonly idlePercent: number }> {
  await using gafferd = await startGafferd();
  // The first answer loads what later ones have.
  await gafferd.get("/processes");
  const rssBefore = rssBytes(gafferd.osPid);
  const startedMs = performance.now();
  const redirect = { redirect_output: ["stdout", "stderr"] };
  const [runningMs] = await Promise.all([
    allRunning(gafferd),
    gafferd.create({ name: "sleeps", cmd: "sleep 1000", numprocesses: processes, ...redirect }),
  ]);
  const seconds = (runningMs - startedMs) / 1000;
  await Bun.sleep(settleMs);
  const kilobytesEach = (rssBytes(gafferd.osPid) - rssBefore) / 1000 / processes;
  const cpuBefore = cpuSeconds(gafferd.osPid);
  await Bun.sleep(idleMs);
  const idlePercent = (100 * (cpuSeconds(gafferd.osPid) - cpuBefore)) / (idleMs / 1000);
  return { seconds, kilobytesEach, idlePercent };
}

/** Resolves to the moment. */
async function allRunning(gafferd: Gafferd): Promise<number> {
  for (;;) {
    const answer = await fetch(`${gafferd.url}/status/sleeps`);
    // Not found until the request that creates it has come.
    const { running } = answer.ok ? ((await answer.json()) as { running: number }) : { running: 0 };
    if (running === processes) return performance.now();
    await Bun.sleep(pollMs);
  }
}
