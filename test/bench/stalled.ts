import { join } from "node:path";
import { startChild } from "./child.ts";
import { flood } from "./flood.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { ping } from "./ping.ts";
import { rssBytes, sendQueues } from "./proc.ts";
import { percentile } from "./statistics.ts";

const stallClient = join(import.meta.dir, "clients/stall.ts");
const readers = 100;
const floodMs = 1000;
const watchMs = 3000;
const samplePeriodMs = 50;

/**
 * A process floods, and a hundred clients of its events are stopped (SIGSTOP) after they got their first. What that costs
 * in memory, at the peak, and what another client that asks `/ping` feels of it, beside the same flood without readers.
 */
export const stalled = defineMeasure({
  name: "stalled",
  needs: ["yes"],
  figures: {
    memory: {
      what: `${readers} stalled readers of a flood cost`,
      unit: "MB",
      goals: [{ of: "ours", bound: "<", value: 150 }],
    },
    ping: {
      what: "`/ping` beside them, 99th percentile",
      unit: "ms",
      limit: "no readers",
      goals: [{ of: "ours", bound: "≤", value: 50 }],
    },
    slowest: { what: "`/ping` beside them, slowest", unit: "ms", limit: "no readers", goals: [] },
  },
  round: async () => {
    await using gafferd = await startGafferd();
    const pid = await flood(gafferd);
    await Bun.sleep(floodMs);
    const alone = await ping(gafferd.url, watchMs);
    const rssBefore = rssBytes(gafferd.osPid);
    await using client = startChild([process.execPath, stallClient, gafferd.url, `${pid}`, `${readers}`]);
    await client.stdout.match(/^stalled$/m);
    client.kill("SIGSTOP");
    const [peakRss, during] = await Promise.all([peakRssBytes(gafferd.osPid), ping(gafferd.url, watchMs)]);
    const queues = sendQueues(gafferd.url).filter((bytes) => bytes > 0);
    if (queues.length < readers) throw new Error(`of ${readers} readers only ${queues.length} are stalled`);
    const kernelMegabytes = queues.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
    return {
      memory: { ours: (peakRss - rssBefore) / 1e6, also: { rssBefore: rssBefore / 1e6, kernelMegabytes } },
      ping: { ours: percentile(during, 99), limit: percentile(alone, 99), also: { median: percentile(during, 50) } },
      slowest: { ours: Math.max(...during), limit: Math.max(...alone) },
    };
  },
});

async function peakRssBytes(osPid: number): Promise<number> {
  let peak = 0;
  const endMs = performance.now() + watchMs;
  while (performance.now() < endMs) {
    peak = Math.max(peak, rssBytes(osPid));
    await Bun.sleep(samplePeriodMs);
  }
  return peak;
}
