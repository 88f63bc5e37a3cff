import { afterAll, beforeAll, expect, test } from "bun:test";
import { EventBus } from "../../../src/events/bus.ts";
import { Manager } from "../../../src/manager/manager.ts";
import { Sampler } from "../../../src/process/usage/sampler.ts";
import type { SupervisedProcess } from "../../../src/supervisor/supervised-process.ts";
import { type EarlierSamples, takeUsageSample, UsageSample } from "../../../src/process/usage/usage-sample.ts";
import { sampleTemplate } from "../sample-template.ts";
import { silentLog } from "../../supervisor/hosting.ts";
import { waitFor } from "../../wait-for.ts";

const bus = new EventBus((error) => {
  throw error;
});
const manager = new Manager({ bus, log: silentLog });
let processes: readonly SupervisedProcess[];

beforeAll(async () => {
  manager.create(sampleTemplate({ name: "a", cmd: "sleep 60", numprocesses: 3 }));
  await waitFor(() => manager.runningIds().length === 3, "three processes");
  processes = manager.get("a").processes;
});

afterAll(async () => {
  await manager.close();
});

/** A sampler that records the arguments of each reading. */
function watched(take = takeUsageSample) {
  const readings: EarlierSamples[] = [];
  const sampler = new Sampler((earlier = {}) => {
    readings.push(earlier);
    return take(earlier);
  });
  return { sampler, readings };
}

const passed = (ms: number, sinceMs: number) => waitFor(() => performance.now() > sinceMs + ms, `${ms} ms later`);

test("a hundred concurrent requests share one reading", async () => {
  const { sampler, readings } = watched();
  const asked = Array.from({ length: 100 }, (_, index) => sampler.sample(processes.slice(0, index % 4), 100));
  const samples = new Set(await Promise.all(asked));
  samples.add(await sampler.sample(processes, 1000));
  expect(readings).toHaveLength(1);
  expect(samples.size).toBe(1);
  for (const { osPid } of processes) expect([...samples][0]?.usageOf(osPid)?.osPid).toBe(osPid);
});

test("a sample that is too old is not shared", async () => {
  const { sampler, readings } = watched();
  const first = await sampler.sample(processes, 100);
  await passed(20, first.beganAtMs);
  expect(await sampler.sample(processes, 10)).not.toBe(first);
  expect(await sampler.sample([], 0)).not.toBe(first);
  expect(readings).toHaveLength(3);
});

test("a process that was spawned after the last sample is in the returned sample", async () => {
  const { sampler, readings } = watched();
  await sampler.sample(processes, 60_000);
  // This reading is in progress at the spawn, so it may or may not contain the process.
  const underWay = sampler.sample([], 0);
  await manager.scale("a", 1);
  const spawned = await waitFor(() => manager.get("a").processes[3], "the fourth process");
  const sample = await sampler.sample([spawned], 60_000);
  expect(sample.usageOf(spawned.osPid)?.osPid).toBe(spawned.osPid);
  await underWay;
  expect(readings.length).toBeGreaterThan(1);
  await manager.scale("a", -1);
  await spawned.finished;
});

test("a process that has exited causes at most one reading for all requests", async () => {
  const { sampler, readings } = watched();
  await manager.scale("a", 1);
  const spawned = await waitFor(() => manager.get("a").processes[3], "the fourth process");
  await manager.scale("a", -1);
  await spawned.finished;
  const asked = Array.from({ length: 10 }, () => sampler.sample([spawned], 60_000));
  for (const sample of await Promise.all(asked)) expect(sample.usageOf(spawned.osPid)).toBeUndefined();
  expect(readings.length).toBeLessThanOrEqual(2);
});

test("each sample is compared with the previous one, or with an older one if that is too recent", async () => {
  // Of nothing, and so in no time.
  const { sampler, readings } = watched(async () => new UsageSample(new Map(), { beganAtMs: performance.now() }));
  const first = await sampler.sample([], 0);
  await sampler.sample([], 0);
  expect(readings.map(({ baseline }) => baseline)).toEqual([undefined, undefined]);
  await passed(60, first.beganAtMs);
  const third = await sampler.sample([], 0);
  expect(readings.at(-1)?.baseline).toBe(first.table);
  await sampler.sample([], 0);
  expect(readings.at(-1)?.baseline).toBe(first.table);
  await passed(60, third.beganAtMs);
  await sampler.sample([], 0);
  expect(readings.at(-1)?.baseline).toBe(third.table);
});

test("a failed reading rejects all waiting requests, and the next request reads again", async () => {
  let failures = 0;
  const sampler = new Sampler(async (earlier) => {
    if (failures++ > 0) return await takeUsageSample(earlier);
    throw new Error("no descriptor");
  });
  const results = await Promise.allSettled([sampler.sample([], 100), sampler.sample(processes, 100)]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect((await sampler.sample(processes, 100)).table.size).toBeGreaterThan(3);
});
