import { describe, expect, test } from "bun:test";
import { totalmem } from "node:os";
import type { ProcessEntry } from "../../../src/process/usage/read-processes.ts";
import { type ProcessUsage, takeUsageSample, UsageSample } from "../../../src/process/usage/usage-sample.ts";
import { becomes, entryOf, shell, spawn } from "../spawned.ts";
import { waitFor } from "../../wait-for.ts";

/** An entry that needs no read of `/proc`. */
function entry(osPid: number, overrides: Partial<ProcessEntry> = {}): ProcessEntry {
  const own = { name: "web", startedAtMs: 0, image: 1, readAtMs: 1000, ...overrides };
  return {
    osPid,
    parentOsPid: 1,
    ageMs: 1000,
    cpuMs: 0,
    nice: 0,
    threads: 1,
    rssBytes: 0,
    vmsBytes: 0,
    ...own,
    details: {
      identity: { username: "ada", commandLine: `web ${osPid}`, entry: own },
      openFds: 3,
      readBytes: 0,
      writtenBytes: 0,
    },
  };
}

const tableOf = (...entries: ProcessEntry[]) => new Map(entries.map((each) => [each.osPid, each]));
const sampleOf = (entries: ProcessEntry[], before?: ProcessEntry[]) =>
  new UsageSample(tableOf(...entries), { baseline: before && tableOf(...before), beganAtMs: 0 });

const cpuOf = (now: Partial<ProcessEntry>, before?: Partial<ProcessEntry>) =>
  sampleOf([entry(7, now)], before && [entry(7, before)]).usageOf(7)?.cpuPercent;

describe("CPU", () => {
  test("is the usage since the baseline, in percent of one core", () => {
    expect(cpuOf({ cpuMs: 1900, readAtMs: 3000 }, { cpuMs: 1500, readAtMs: 1000 })).toBe(20);
    expect(cpuOf({ cpuMs: 4500, readAtMs: 2000 }, { cpuMs: 1500, readAtMs: 1000 })).toBe(300);
  });

  test("is the usage since the start if there is no baseline, or if the baseline has another process with the pid", () => {
    expect(cpuOf({ cpuMs: 500, ageMs: 2000 })).toBe(25);
    expect(cpuOf({ cpuMs: 500, ageMs: 2000, startedAtMs: 9 }, { cpuMs: 400, startedAtMs: 8 })).toBe(25);
  });

  test("is 0 in the first 10 ms, and if the clocks of the system and its processes differ", () => {
    expect(cpuOf({ cpuMs: 10, ageMs: 9 })).toBe(0);
    expect(cpuOf({ cpuMs: 10, ageMs: -5000 })).toBe(0);
  });
});

test("memory is a percentage of the machine's memory", () => {
  const { memoryPercent } = sampleOf([entry(7, { rssBytes: totalmem() / 8 })]).usageOf(7) ?? {};
  expect(memoryPercent).toBe(12.5);
});

const outline = ({ osPid, children }: ProcessUsage): unknown[] => [osPid, ...children.map(outline)];

describe("children", () => {
  test("are nested in their parents, at any depth", () => {
    const parents = { 7: 1, 8: 7, 9: 8, 10: 7, 11: 1, 12: 9 };
    const entries = Object.entries(parents).map(([osPid, parentOsPid]) => entry(Number(osPid), { parentOsPid }));
    const usage = sampleOf(entries).usageOf(7);
    expect(usage && outline(usage)).toEqual([7, [8, [9, [12]]], [10]]);
  });

  test("a process is not its own descendant, even if a pid was reused during the scan", () => {
    const usage = sampleOf([entry(7, { parentOsPid: 8 }), entry(8, { parentOsPid: 7 })]).usageOf(7);
    expect(usage && outline(usage)).toEqual([7, [8]]);
  });

  test("an endless chain is cut", () => {
    const chain = Array.from({ length: 30_000 }, (_, index) => entry(index + 2, { parentOsPid: index + 1 }));
    const usage = sampleOf(chain).usageOf(2);
    expect(JSON.stringify(usage).match(/"osPid"/g)).toHaveLength(501);
  });

  test("include the children of a real process", async () => {
    await using parent = shell("sh -c 'sleep 61; true' & sleep 62 & wait");
    const usage = await waitFor(async () => {
      const seen = (await takeUsageSample()).usageOf(parent.osPid);
      const isWhole = seen?.children.length === 2 && JSON.stringify(seen).includes(`"sleep 61"`);
      return isWhole ? seen : undefined;
    }, "all that it starts");
    const [first, second] = usage.children.toSorted((a, b) => a.osPid - b.osPid);
    expect(first?.commandLine).toBe("sh -c sleep 61; true");
    expect(first?.children.map(({ commandLine }) => commandLine)).toEqual(["sleep 61"]);
    expect(second).toMatchObject({ commandLine: "sleep 62", children: [] });
  });
});

describe("a sample", () => {
  test("leaves out processes that were not running or exited before they were read completely", async () => {
    await using spawned = spawn("sleep", "60");
    const table = tableOf(entryOf(spawned.osPid));
    await spawned.kill();
    const sample = new UsageSample(table, { beganAtMs: 0 });
    await sample.prepare([spawned.osPid, 4_000_000]);
    expect(sample.usageOf(spawned.osPid)).toBeUndefined();
    expect(sample.usageOf(4_000_000)).toBeUndefined();
  });

  test("reads a process once", async () => {
    await using spawned = spawn("sleep", "60");
    const sample = await takeUsageSample();
    await sample.prepare([spawned.osPid]);
    const usage = sample.usageOf(spawned.osPid);
    await spawned.kill();
    expect(usage?.osPid).toBe(spawned.osPid);
    expect(sample.usageOf(spawned.osPid)).toBe(usage);
  });

  test.skipIf(Bun.which("perl") === null)("reuses the identity of a process from the previous sample", async () => {
    await using spawned = spawn("perl", "-e", `$| = 1; <STDIN>; $0 = "title"; <STDIN>`);
    await becomes(spawned.osPid, "perl");
    const known = entryOf(spawned.osPid);
    // The kernel sets a program's name shortly before its command line.
    const first = await waitFor(() => {
      const sample = new UsageSample(tableOf(known), { beganAtMs: 0 });
      return sample.usageOf(spawned.osPid)?.commandLine.startsWith("perl -e") ? sample : undefined;
    }, "the command line");
    spawned.goOn();
    await waitFor(
      () => new UsageSample(tableOf(known), { beganAtMs: 0 }).usageOf(spawned.osPid)?.commandLine === "title",
      "the title",
    );
    const second = new UsageSample(tableOf(known), { beganAtMs: 0, previous: first });
    expect(second.usageOf(spawned.osPid)?.commandLine).toStartWith("perl -e");
  });
});
