import { expect, test } from "bun:test";
import {
  formatEntry,
  formatHeader,
  parseHostRun,
  type RunEntry,
  type RunHeader,
} from "../../src/survival/run-format.ts";

const header: RunHeader = {
  pidScope: { boot: "9b1c0d", namespace: "pid:[4026531836]" },
  osPid: 4711,
  startTicks: 8_812_345,
  configFile: "/etc/my gaffer/ä.ini",
  endMarkers: "9f3c21aa07de-end.",
};
const entry: RunEntry = {
  osPid: 4712,
  startTicks: 8_812_399,
  killMode: "mixed",
  stopSignalNumber: 15,
  gracefulTimeoutMs: 10_000,
  onHostExit: "kill",
  marker: "9f3c21aa07de-end.1",
  name: "web:api",
};
const kept: RunEntry = { ...entry, osPid: 4713, killMode: "process", onHostExit: "keep", name: "job" };

test("a written run file is read unchanged", () => {
  const text = formatHeader(header) + formatEntry(entry) + formatEntry(kept);
  expect(parseHostRun(text)).toEqual({ header, entries: [entry, kept], stopped: [] });
});

test("an entry is a line of words that the guardian can read", () => {
  expect(formatEntry(entry)).toBe("+ 4712 8812399 mixed 15 10000 kill 9f3c21aa07de-end.1 web:api\n");
});

test("a process that the guardian has stopped is read with its name, which can contain blanks", () => {
  const text = `${formatHeader(header) + formatEntry(entry)}- 4714 ${entry.marker} my worker 1\n- 4715 torn`;
  const { stopped = [] } = parseHostRun(text) ?? {};
  expect(stopped).toEqual([{ osPid: 4714, marker: entry.marker, name: "my worker 1" }]);
});

test.each([
  ["group", "group"],
  ["one", "process"],
])("a line of version 0.1 with `%s` has `kill_mode = %s`", (word, killMode) => {
  const text = formatHeader(header) + formatEntry(entry).replace("mixed", word);
  expect(parseHostRun(text)?.entries).toEqual([{ ...entry, killMode: killMode as RunEntry["killMode"] }]);
});

test("an incomplete last line is ignored", () => {
  const text = formatHeader(header) + formatEntry(entry) + formatEntry(kept);
  for (let length = formatHeader(header).length; length < text.length; length++) {
    const { entries = [] } = parseHostRun(text.slice(0, length)) ?? {};
    expect(entries).toEqual(length < text.length - formatEntry(kept).length ? [] : [entry]);
  }
});

test.each(["", "\n", "gafferd-run 2 a b 1 1 c-end. /\n", "something else\n"])("%j is not a run file", (text) => {
  expect(parseHostRun(text)).toBeUndefined();
});

test.each([
  ["a path that is not encoded", "/etc", "/e%zz"],
  ["no pid", " 4711 ", " "],
  ["a pid that is not a number", "4711", "47x1"],
  ["the pid of all processes", "4711", "-1"],
  ["pid 0", " 4711 ", " 0 "],
  ["a start time with a sign", "8812345", "+8812345"],
  ["a prefix that many markers have", "9f3c21aa07de-end.", "9"],
])("a file whose first line has %s is not a run file", (_, from, to) => {
  const text = formatHeader(header).replace(from, to) + formatEntry(entry);
  expect(parseHostRun(text)).toBeUndefined();
});

test.each([
  ["pid 0", "4712", "0"],
  ["the pid of all processes", "4712", "-1"],
  ["a pid that the kernel does not give", "4712", "471247124712"],
  ["a start time in words", "8812399", "now"],
  ["signal 0", " 15 ", " 0 "],
  ["signal 65", " 15 ", " 65 "],
  ["no timeout", " 10000 ", "  "],
  ["a damaged marker", "9f3c21aa07de-end.1", "9f3c"],
  ["no name", "web:api", ""],
])("an entry with %s is ignored", (_, from, to) => {
  const text = formatHeader(header) + formatEntry(entry).replace(from, to) + formatEntry(kept);
  expect(parseHostRun(text)).toEqual({ header, entries: [kept], stopped: [] });
});
