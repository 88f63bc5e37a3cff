import { expect, test } from "bun:test";
import type { ProcessUsage } from "../../../src/process/usage/sampler.ts";
import { formatBytes, formatCpuTime, toProcessStatsDocument } from "../../../src/http/stats/stats-document.ts";

test.each([
  [0, "0B"],
  [1023, "1023B"],
  [1024, "1.0K"],
  [12_897_485, "12.3M"],
  [5 * 2 ** 30, "5.0G"],
  [1.5 * 2 ** 40, "1.5T"],
  [2000 * 2 ** 60, "2000.0E"],
])("%d bytes are formatted as %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "0:00.00"],
  [30, "0:00.03"],
  [61_239, "1:01.23"],
  [75 * 60_000 + 3200, "75:03.20"],
])("%d ms of CPU time are formatted as %s", (ms, text) => {
  expect(formatCpuTime(ms)).toBe(text);
});

test("a document has every field, with null for unknown values", () => {
  const usage: ProcessUsage = {
    osPid: 42,
    cpuPercent: 12.345,
    memoryPercent: 1.2345,
    cpuMs: 61_230,
    rssBytes: 12_897_485,
    vmsBytes: 2 ** 30,
    nice: -5,
    threads: undefined,
    username: "ada",
    commandLine: "web --port 1",
    openFds: undefined,
    readBytes: undefined,
    writtenBytes: 7,
    children: [],
  };
  const document = {
    pid: 42,
    cpu: 12.3,
    mem: 1.23,
    mem_info1: "12.3M",
    mem_info2: "1.0G",
    ctime: "1:01.23",
    username: "ada",
    nice: -5,
    cmdline: "web --port 1",
    children: [],
    rss: 12_897_485,
    vms: 2 ** 30,
    fds: null,
    threads: null,
    io_read: null,
    io_write: 7,
  };
  expect(toProcessStatsDocument(usage)).toEqual(document);
  const child = { ...document, pid: 43, fds: 3 };
  expect(toProcessStatsDocument({ ...usage, children: [{ ...usage, osPid: 43, openFds: 3 }] })).toEqual({
    ...document,
    children: [child],
  });
});
