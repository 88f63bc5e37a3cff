import { expect, test } from "bun:test";
import { parseStat, procEntries } from "../../../src/process/usage/proc-entries.ts";
import { becomes, entryOf, shell, spawn, zombieOf } from "../spawned.ts";

const now = { bootedAtMs: -50_000, readAtMs: 10_000 };
const stat = (name: string, state: string) =>
  `42 (${name}) ${state} 7 42 42 0 -1 4194304 100 200 3 4 150 25 900 900 20 -5 3 0 5812 8192000 300 1844 1 1 140735 0 0`;

test("the fields of `stat` are read by their numbers in the manual, in bytes and milliseconds", () => {
  expect(parseStat(stat("web", "S"), now)).toEqual({
    osPid: 42,
    parentOsPid: 7,
    name: "web",
    startedAtMs: 58_120,
    image: 140735,
    ageMs: 1880,
    readAtMs: 10_000,
    cpuMs: 1750,
    nice: -5,
    threads: 3,
    vmsBytes: 8_192_000,
    rssBytes: 300 * 4096,
  });
});

test("a name may look like the fields that follow it", () => {
  expect(parseStat(stat(") Z 1 1 (", "R"), now)).toMatchObject({ name: ") Z 1 1 (", parentOsPid: 7 });
});

test("zombies and dead processes are left out", async () => {
  for (const state of ["Z", "X", "x"]) expect(parseStat(stat("web", state), now)).toBeUndefined();
  await using parent = shell("true & exec sleep 60");
  const zombie = await zombieOf(parent.osPid);
  const osPids = [...procEntries()].map(({ osPid }) => osPid);
  expect(osPids).toContain(parent.osPid);
  expect(osPids).not.toContain(zombie);
});

test("this process is listed with its own values", () => {
  const { parentOsPid, threads, cpuMs, ageMs, rssBytes, vmsBytes, nice } = entryOf(process.pid);
  const { user, system } = process.cpuUsage();
  expect(parentOsPid).toBe(process.ppid);
  expect(nice).toBe(0);
  expect(threads).toBeGreaterThan(1);
  expect(Math.abs(cpuMs - (user + system) / 1000)).toBeLessThan(100);
  expect(Math.abs(ageMs - performance.now())).toBeLessThan(1000);
  expect(rssBytes / process.memoryUsage.rss()).toBeWithin(0.3, 3);
  expect(vmsBytes).toBeGreaterThan(rssBytes);
});

test("an exec changes `image`, although the process stays the same", async () => {
  await using spawned = shell("read line; exec sleep 60");
  await becomes(spawned.osPid, "sh");
  const before = entryOf(spawned.osPid);
  spawned.goOn();
  await becomes(spawned.osPid, "sleep");
  const after = entryOf(spawned.osPid);
  expect(after.startedAtMs).toBe(before.startedAtMs);
  expect(after.image).not.toBe(before.image);
});

test("a process that exits during the scan is left out", async () => {
  await using spawned = spawn("sleep", "60");
  const entries = procEntries();
  // The first step lists `/proc` and yields a process that already existed.
  expect(entries.next().value?.osPid).not.toBe(spawned.osPid);
  await spawned.kill();
  expect([...entries].map(({ osPid }) => osPid)).not.toContain(spawned.osPid);
});
