import { describe, expect, test } from "bun:test";
import { OutputReader } from "../../src/reading/output-reader.ts";
import { templateSource } from "../../src/reading/output-source.ts";
import { startingPoint } from "../../src/reading/output-start.ts";
import type { StreamPosition } from "../../src/reading/stream-position.ts";
import { waitFor } from "../wait-for.ts";
import { exitOf, hostJournal } from "./journal-host.ts";
import { findKeptReader, readAll, readFromDisk, readKept, type Seen, textOf } from "./reading.ts";

type Host = ReturnType<typeof hostJournal>;

const numbers = (last: number) => Array.from({ length: last }, (_, at) => `${at + 1}\n`).join("");

/** The position of a reader that starts now. */
function positionNow(host: Host, name = "web"): StreamPosition {
  return startingPoint(templateSource(host.manager.get(name)), { kind: "tail", lines: 0 }, undefined).position;
}

/** Creates a template, and starts it when the position of its beginning is known. */
function begin(host: Host, overrides: Parameters<Host["create"]>[0]): StreamPosition {
  host.create({ start: false, ...overrides });
  const position = positionNow(host);
  host.manager.start("web");
  return position;
}

/** Everything in order; consecutive pieces of one output are joined, because blocks end anywhere. */
function joined(seen: readonly Seen[]): string[] {
  const parts: { output: string; text: string }[] = [];
  for (const each of seen) {
    const output = "text" in each ? each.from.replace(/ \d+$/, "") : "";
    const text = "text" in each ? each.text : JSON.stringify(each);
    const last = parts.at(-1);
    if (last?.output === output && output !== "") last.text += text;
    else parts.push({ output, text });
  }
  return parts.map(({ output, text }) => `${output}: ${text}`);
}

describe("what the buffers no longer hold is read from disk, then from the buffers, without a seam", () => {
  test.each(["lines", "bytes"] as const)("in %s of both outputs", async (unit) => {
    await using host = hostJournal();
    const cmd = `sh -c 'for n in $(seq 400); do echo $n; echo err $n >&2; done; sleep 0.1; seq 500; printf end'`;
    const position = begin(host, { cmd, outputBufferBytes: 8192 });
    await exitOf(host);
    const { seen } = await readKept(host, { start: { kind: "resume", position }, unit });
    expect(seen.filter((each) => "gap" in each)).toEqual([]);
    expect(textOf(seen, "1 out")).toBe(`${numbers(400)}${numbers(500)}end`);
    expect(textOf(seen, "1 err")).toBe(numbers(400).replaceAll(/^(?=\d)/gm, "err "));
    expect(joined(seen)[0]).toBe(`: {"event":"spawn 1"}`);
    expect(joined(seen).at(-1)).toBe(`: {"event":"exit 1"}`);
  });

  test("while the process writes", async () => {
    await using host = hostJournal();
    const cmd = `sh -c 'for n in $(seq 60); do seq 100; sleep 0.005; done'`;
    let position = begin(host, { cmd, redirectOutput: ["out"], outputBufferBytes: 4096 });
    let text = "";
    await waitFor(async () => {
      const { seen, positions } = await readKept(host, { start: { kind: "resume", position }, most: 20 });
      position = positions.at(-1) ?? position;
      expect(seen.filter((each) => "gap" in each)).toEqual([]);
      text += textOf(seen, "1 out");
      return text.length === 60 * numbers(100).length;
    }, "all of it");
    expect(text).toBe(numbers(100).repeat(60));
  });

  test("of processes that the host has long dropped", async () => {
    await using host = hostJournal();
    const position = begin(host, { cmd: "sh -c 'echo one; exit 1'", redirectOutput: ["out"], restart: "always" });
    await waitFor(() => host.manager.get("web").dropped.count > 5, "dropped processes");
    const { seen } = await readKept(host, { start: { kind: "resume", position }, most: 30 });
    expect(seen.slice(0, 6)).toEqual([
      { event: "spawn 1" },
      { text: "one\n", from: "1 out 0" },
      { event: "exit 1" },
      { event: "spawn 2" },
      { text: "one\n", from: "2 out 0" },
      { event: "exit 2" },
    ]);
  });

  test("of one process and one output", async () => {
    await using host = hostJournal();
    const position = begin(host, { cmd: `sh -c 'seq 5000; seq 9 >&2'`, outputBufferBytes: 4096 });
    await exitOf(host);
    const start = { kind: "resume", position } as const;
    const { seen } = await readKept(host, { start, label: "out", unit: "bytes" });
    const gaps = seen.reduce((sum, each) => sum + ("gap" in each ? (each.gap ?? Number.NaN) : 0), 0);
    expect(textOf(seen, "1 out").length + gaps).toBe(numbers(5000).length);
    expect(textOf(seen, "1 err")).toBe("");
  });
});

test("every position of a reader of the buffers is a position on disk: the rest is the same, in the same order", async () => {
  await using host = hostJournal();
  const cmd = `sh -c 'for n in 1 2 3 4 5 6; do printf "out $n "; printf "err $n " >&2; sleep 0.06; echo x; echo y >&2; seq 3; done'`;
  host.create({ cmd, numprocesses: 2 });
  await exitOf(host);
  const source = templateSource(host.manager.get("web"));
  for (const unit of ["lines", "bytes", "characters"] as const) {
    const live = await readAll(
      (callbacks) => new OutputReader(source, { ...callbacks, unit, start: { kind: "held" } }),
    );
    for (const [at, position] of live.positions.entries()) {
      const rest = await readFromDisk(host, { start: { kind: "resume", position }, unit });
      expect(joined(rest.seen)).toEqual(joined(live.seen.slice(at)));
      expect(rest.positions.at(-1)).toEqual(live.positions.at(-1)!);
    }
  }
});

describe("`tail` and `since` reach back to disk", () => {
  test.each([1, 7, 1000, 4999, 5000])("tail=%d", async (lines) => {
    await using host = hostJournal();
    const cmd = `sh -c 'for n in $(seq 50); do seq 100; sleep 0.002; done'`;
    host.create({ cmd, redirectOutput: ["out"], outputBufferBytes: 4096 });
    await exitOf(host);
    const { seen } = await readKept(host, { start: { kind: "tail", lines } });
    const all = numbers(100)
      .repeat(50)
      .split(/(?<=\n)/);
    expect(textOf(seen, "1 out")).toBe(all.slice(-lines).join(""));
  });

  test("a tail longer than everything starts at the first line on disk", async () => {
    await using host = hostJournal();
    host.create({ cmd: "seq 3000", redirectOutput: ["out"], outputBufferBytes: 16_384 });
    await exitOf(host);
    expect(textOf((await readKept(host, { start: { kind: "tail", lines: 100_000 } })).seen, "1 out")).toBe(
      numbers(3000),
    );
  });

  test("since a time", async () => {
    await using host = hostJournal();
    const cmd = `sh -c 'echo early; sleep 0.1; echo $(date +%s%N) > ${host.stateDir}/time; sleep 0.1; seq 3000'`;
    host.create({ cmd, redirectOutput: ["out"], outputBufferBytes: 16_384 });
    await exitOf(host);
    const unixMs = Number(await Bun.file(`${host.stateDir}/time`).text()) / 1e6;
    const steadyMs = performance.now() - (Date.now() - unixMs);
    expect(textOf((await readKept(host, { start: { kind: "since", steadyMs } })).seen, "1 out")).toBe(numbers(3000));
  });
});

describe("while a lossless reader reads from disk", () => {
  const waiting = {
    cmd: `sh -c 'seq 3000; read line; seq 300000'`,
    redirectInput: true,
    redirectOutput: ["out"],
    outputBufferBytes: 4096,
  };

  /** A reader at the beginning, of which the buffer no longer has anything. The process then writes on. */
  async function openAtBeginning(host: Host, overrides: Parameters<Host["create"]>[0]) {
    const position = begin(host, { ...waiting, ...overrides });
    const [process] = host.manager.get("web").processes;
    await waitFor(() => process?.rings.get("out")?.head === numbers(3000).length, "the first lines");
    const open = await findKeptReader(host, { start: { kind: "resume", position }, lossless: true });
    return { open, goOn: () => process?.stdin?.write(Buffer.from("\n"), { timeoutMs: 1000 }) };
  }

  test("the process waits for it, and it gets everything", async () => {
    await using host = hostJournal();
    const { open, goOn } = await openAtBeginning(host, {});
    const { seen } = await readAll((callbacks) => {
      const reader = open(callbacks);
      void goOn();
      return reader;
    });
    expect(seen.filter((item) => "gap" in item)).toEqual([]);
    expect(numbers(3000) + numbers(300_000)).toStartWith(textOf(seen, "1 out"));
    expect(textOf(seen, "1 out")).toStartWith(numbers(3000));
  });

  test("a process that has waited for its `lossless_timeout` goes on, and the reader is cut off", async () => {
    await using host = hostJournal();
    const { open, goOn } = await openAtBeginning(host, { losslessTimeoutMs: 50 });
    let isCutOff = false;
    const reader = open({ onReady() {}, onCutOff: () => (isCutOff = true) });
    await goOn();
    await waitFor(() => isCutOff, "the end of the wait");
    await exitOf(host);
    reader.close();
  });
});

test("a template that is created again continues after a deleted one, whose output stays on disk", async () => {
  await using host = hostJournal();
  const position = begin(host, { cmd: "echo first", redirectOutput: ["out"] });
  await exitOf(host);
  await host.manager.delete("web");
  host.create({ cmd: "echo second", redirectOutput: ["out"] });
  await exitOf(host);
  const { seen } = await readKept(host, { start: { kind: "resume", position } });
  expect(seen).toEqual([
    { event: "spawn 1" },
    { text: "first\n", from: "1 out 0" },
    { event: "exit 1" },
    { event: "spawn 2" },
    { text: "second\n", from: "2 out 0" },
    { event: "exit 2" },
  ]);
});

test("a position of which nothing is left gives a gap, then everything on disk", async () => {
  await using host = hostJournal();
  const position = {
    ...begin(host, { cmd: "seq 3000", redirectOutput: ["out"], outputBufferBytes: 16_384 }),
    boot: "rlost",
  };
  await exitOf(host);
  const { seen } = await readKept(host, { start: { kind: "resume", position } });
  expect(seen[0]).toEqual({ gap: undefined });
  expect(textOf(seen, "1 out")).toBe(numbers(3000));
});

test("the default start is the oldest byte in the buffers, as without a journal", async () => {
  await using host = hostJournal();
  host.create({ cmd: "seq 3000", redirectOutput: ["out"], outputBufferBytes: 4096 });
  await exitOf(host);
  expect(textOf((await readKept(host, { start: { kind: "held" } })).seen, "1 out").length).toBeLessThanOrEqual(4096);
});
