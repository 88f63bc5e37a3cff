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
/** Time for garbage collection and timers after the start. */
const settleMs = 2000;
const idleMs = 3000;

/**
 * Spawns a thousand `sleep`s with both outputs redirected. Both times are measured by the benchmark: from the request (or
 * the line on stdin) until the status shows that all are running, polled every 5 ms (or until the loop reports its end).
 */
export const spawn = defineMeasure({
  name: "spawn",
  needs: [],
  figures: {
    time: {
      what: "time to start 1,000 processes",
      unit: "s",
      limit,
      goals: [{ of: "ratio", bound: "≤", value: 1.6 }],
    },
    memory: {
      what: "memory per process, with 1,000",
      unit: "KB",
      limit,
      goals: [{ of: "value", bound: "≤", value: 40 }],
    },
    idle: {
      what: "CPU with 1,000 idle processes, of one core",
      unit: "%",
      goals: [{ of: "value", bound: "<", value: 2 }],
    },
  },
  round: async () => {
    const bare = await spawnBare();
    const supervised = await spawnSupervised();
    return {
      time: { value: supervised.seconds, limit: bare.seconds },
      memory: { value: supervised.kilobytesEach, limit: bare.kilobytesEach },
      idle: { value: supervised.idlePercent },
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
  // The first request loads code that is not to be measured.
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

/** Resolves to the time (`performance.now()`) when all are running. */
async function allRunning(gafferd: Gafferd): Promise<number> {
  for (;;) {
    const answer = await fetch(`${gafferd.url}/status/sleeps`);
    // 404 until the template is created.
    const { running } = answer.ok ? ((await answer.json()) as { running: number }) : { running: 0 };
    if (running === processes) return performance.now();
    await Bun.sleep(pollMs);
  }
}
