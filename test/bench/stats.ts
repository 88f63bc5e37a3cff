import { join } from "node:path";
import { startChild } from "./child.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { cpuSeconds } from "./proc.ts";

const client = join(import.meta.dir, "clients/sample.ts");
const processes = 1000;
const watchers = 100;
const idleMs = 5000;
const sampledMs = 10_000;
const settleMs = 2000;
/** The stream of all processes. */
const allPath = "/stats?feed=eventsource&interval=1";

/** CPU that gafferd uses to sample processes once per second, in addition to its idle CPU with the same processes. */
export const stats = defineMeasure({
  name: "stats",
  needs: [],
  figures: {
    one: {
      what: `CPU to sample ${processes} processes once per second, of one core`,
      unit: "%",
      goals: [{ of: "value", bound: "<", value: 5 }],
    },
    many: {
      what: `CPU for ${watchers} watchers of one of them, of one core`,
      unit: "%",
      limit: "one watcher",
      goals: [],
    },
  },
  round: async () => {
    await using gafferd = await startGafferd();
    const [pid] = await gafferd.create({ name: "sleeps", cmd: "sleep 1000", numprocesses: processes });
    await waitUntilRunning(gafferd);
    await Bun.sleep(settleMs);
    const idle = await cpuPercent(gafferd, idleMs);
    const onePath = `/stats/sleeps/${pid}?feed=eventsource&interval=1`;
    const all = await watchedPercent(gafferd, allPath, 1);
    const single = await watchedPercent(gafferd, onePath, 1);
    const many = await watchedPercent(gafferd, onePath, watchers);
    return {
      one: { value: all - idle, also: { idle } },
      many: { value: many - idle, limit: single - idle },
    };
  },
});

async function waitUntilRunning(gafferd: Gafferd): Promise<void> {
  for (;;) {
    const { running } = await gafferd.get<{ running: number }>("/status/sleeps");
    if (running === processes) return;
    await Bun.sleep(50);
  }
}

async function watchedPercent(gafferd: Gafferd, path: string, count: number): Promise<number> {
  await using watching = startChild([process.execPath, client, gafferd.url, path, String(count)]);
  await watching.stdout.match(/^sampling$/m);
  return await cpuPercent(gafferd, sampledMs);
}

async function cpuPercent({ osPid }: Gafferd, durationMs: number): Promise<number> {
  const [startedMs, before] = [performance.now(), cpuSeconds(osPid)];
  await Bun.sleep(durationMs);
  return (100 * (cpuSeconds(osPid) - before)) / ((performance.now() - startedMs) / 1000);
}
