import { join } from "node:path";
import { startChild } from "./child.ts";
import { flood } from "./flood.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import type { Sample } from "./measure.ts";
import { ping } from "./ping.ts";
import { rssBytes, sendQueues } from "./proc.ts";
import { percentile } from "./statistics.ts";

const stallClient = join(import.meta.dir, "clients/stall.ts");
const floodMs = 1000;
const watchMs = 3000;
const samplePeriodMs = 50;

/** What clients of a flood cost that are stopped (SIGSTOP) after they got their first, beside the flood without them. */
export interface StallCost {
  /** MB at the peak. */
  readonly memory: Sample;
  /** Of another client; 99th percentile, ms. */
  readonly ping: Sample;
  readonly slowest: Sample;
}

/** `path` is that of the flooding process's output. */
export async function measureStall(readers: number, path: (pid: number) => string): Promise<StallCost> {
  await using gafferd = await startGafferd();
  const pid = await flood(gafferd);
  await Bun.sleep(floodMs);
  const alone = await ping(gafferd.url, watchMs);
  const rssBefore = rssBytes(gafferd.osPid);
  await using client = startChild([process.execPath, stallClient, gafferd.url, path(pid), `${readers}`]);
  await client.stdout.match(/^stalled$/m);
  client.kill("SIGSTOP");
  const [peakRss, during] = await Promise.all([peakRssBytes(gafferd), ping(gafferd.url, watchMs)]);
  const queues = sendQueues(gafferd.url).filter((bytes) => bytes > 0);
  if (queues.length < readers) throw new Error(`of ${readers} readers only ${queues.length} are stalled`);
  const kernelMegabytes = queues.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
  return {
    memory: { ours: (peakRss - rssBefore) / 1e6, also: { rssBefore: rssBefore / 1e6, kernelMegabytes } },
    ping: { ours: percentile(during, 99), limit: percentile(alone, 99), also: { median: percentile(during, 50) } },
    slowest: { ours: Math.max(...during), limit: Math.max(...alone) },
  };
}

async function peakRssBytes({ osPid }: Gafferd): Promise<number> {
  let peak = 0;
  const endMs = performance.now() + watchMs;
  while (performance.now() < endMs) {
    peak = Math.max(peak, rssBytes(osPid));
    await Bun.sleep(samplePeriodMs);
  }
  return peak;
}
