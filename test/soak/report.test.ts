import { expect, test } from "bun:test";
import { judge, type Soak, toMarkdown } from "./report.ts";
import type { Sample } from "./sample.ts";

const sample = (overrides: Partial<Sample> = {}): Sample => ({
  seconds: 1,
  rssBytes: 100e6,
  fds: 30,
  threads: 8,
  processes: 15,
  zombies: 0,
  readers: 0,
  spawns: 1234,
  ...overrides,
});

const soak = (last: Partial<Sample>, more: Partial<Soak> = {}): Soak => ({
  machine: { cores: 2, cpu: "a CPU", kernel: "6.18", bun: "1.4.5" },
  seconds: 120.4,
  samples: [sample(), sample(last)],
  faults: [],
  endedCleanly: true,
  ...more,
});

const broken = (what: Soak) => judge(what).flatMap((each) => (each.holds ? [] : [each.what]));

test("unchanged values are within every bound", () => {
  expect(broken(soak({ rssBytes: 140e6, threads: 10 }))).toEqual([]);
});

test.each<[string, Partial<Sample>]>([
  ["memory (RSS)", { rssBytes: 142e6 }],
  ["file descriptors", { fds: 31 }],
  ["threads", { threads: 11 }],
  ["live processes", { processes: 14 }],
  ["zombies", { zombies: 1 }],
  ["readers of outputs", { readers: 1 }],
])("%s can exceed its bound", (what, last) => {
  expect(broken(soak(last))).toEqual([what]);
});

test("wrong output and an unclean stop are reported", () => {
  expect(broken(soak({}, { faults: ["x"], endedCleanly: false }))).toEqual([
    "lost or wrong output",
    "processes left after stop",
  ]);
});

test("memory is the mean of the first and last quarter of the cycles", () => {
  const rss = [100, 100, 900, 900, 900, 900, 100, 130];
  expect(broken({ ...soak({}), samples: rss.map((megabytes) => sample({ rssBytes: megabytes * 1e6 })) })).toEqual([]);
});

test("one cycle is not enough", () => {
  expect(() => judge({ ...soak({}), samples: [sample()] })).toThrow("two cycles");
});

test("the report is a table with a summary of the run below it", () => {
  const text = toMarkdown(soak({ fds: 31 }, { faults: ["a line came twice"] }));
  expect(text).toContain("| file descriptors | 30 | 31 | the same | **no** |\n");
  expect(text).toContain("2 cycles in 120 s, 1,234 processes spawned; 2 cores (a CPU), Linux 6.18, Bun 1.4.5.\n");
  expect(text).toContain("Fault: a line came twice.\n");
});
