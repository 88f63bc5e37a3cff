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

/** The cost of clients of a flood that are stopped (SIGSTOP) after their first data, compared with no clients. */
export interface StallCost {
  /** Peak memory, in MB. */
  readonly memory: Sample;
  /** Latency of another client: 99th percentile, in ms. */
  readonly ping: Sample;
  readonly slowest: Sample;
}

/** `path` returns the path of the output of the flooding process. */
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
  if (queues.length < readers) throw new Error(`only ${queues.length} of ${readers} readers are stalled`);
  const kernelMegabytes = queues.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
  return {
    memory: { value: (peakRss - rssBefore) / 1e6, also: { rssBefore: rssBefore / 1e6, kernelMegabytes } },
    ping: { value: percentile(during, 99), limit: percentile(alone, 99), also: { median: percentile(during, 50) } },
    slowest: { value: Math.max(...during), limit: Math.max(...alone) },
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
