import { describe, expect, test } from "bun:test";
import { currentMoment, toSteadyMs } from "../../src/moment.ts";
import { OutputMemory } from "../../src/output/output-memory.ts";
import { OutputReader, type OutputItem, type OutputReaderOptions } from "../../src/reading/output-reader.ts";
import { processSource, templateSource } from "../../src/reading/output-source.ts";
import type { StreamPosition } from "../../src/reading/stream-position.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { waitFor } from "../wait-for.ts";
import { hostPerTest } from "../supervisor/hosting.ts";
import { lockstep } from "../supervisor/lockstep.ts";

const hosting = hostPerTest();
const takeBytes = 64 * 1024;

function host(overrides: Partial<ProcessTemplate>): Supervisor {
  const { supervisor } = hosting({ redirectOutput: ["out", "err"], restart: "never", shell: true, ...overrides });
  supervisor.start();
  return supervisor;
}

const options: OutputReaderOptions = { start: { kind: "held" }, unit: "lines", onReady: () => {} };

/** All items that can be read now: `out 1: text`, `gap 1 out 0-5`, `spawn 2`, `exit 1`. */
function readItems(reader: OutputReader, nowMs = performance.now()): string[] {
  const items: string[] = [];
  for (let item = reader.next(takeBytes, nowMs); item; item = reader.next(takeBytes, nowMs))
    items.push(describeItem(item));
  return items;
}

function describeItem(item: OutputItem): string {
  if (item.kind === "gap") return `gap ${item.processId} ${item.label} ${item.from}-${item.to}`;
  if (item.kind !== "bytes") return `${item.kind} ${item.process.id}`;
  return `${item.label} ${item.process.id}: ${Buffer.from(item.ring.copy(item.from, item.to)).toString()}`;
}

/** The position of a reader that has read nothing yet. */
function startOf(supervisor: Supervisor): StreamPosition {
  const { serial } = supervisor.ranks;
  return { serial, order: 0, floor: 0, spawnFloor: 1, given: 0, scope: 0, ahead: [], piece: undefined, hasGaps: false };
}

const firstOf = (supervisor: Supervisor) => {
  const process = supervisor.find(1);
  if (process === undefined) throw new Error("there is no process 1");
  return process;
};

describe("the output of a process", () => {
  test("comes in the order of arrival over all labels, then the exit, then the end", async () => {
    const cmd = "for i in 1 2; do echo o$i; read go; echo e$i >&2; read go; done; exit 3";
    const supervisor = host({ cmd, redirectInput: true });
    await waitFor(() => supervisor.find(1), "the process");
    await lockstep(firstOf(supervisor), 4);
    await waitFor(() => firstOf(supervisor).outputEnded, "the end of the output");
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), options);
    expect(readItems(reader)).toEqual(["out 1: o1\n", "err 1: e1\n", "out 1: o2\n", "err 1: e2\n", "exit 1"]);
    expect(reader.ended).toBe(true);
    reader.close();
  });

  test("can be read for one label only", async () => {
    const supervisor = host({ cmd: "echo o; echo e >&2" });
    await waitFor(() => firstOf(supervisor).outputEnded, "the end of the output");
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), { ...options, label: "err" });
    expect(readItems(reader)).toEqual(["err 1: e\n", "exit 1"]);
    reader.close();
  });

  test("one name for both outputs merges them as they were written", async () => {
    const supervisor = host({ cmd: "for i in 1 2 3; do echo o$i; echo e$i >&2; done", redirectOutput: ["log", "log"] });
    await waitFor(() => firstOf(supervisor).outputEnded, "the end of the output");
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), options);
    expect(readItems(reader)).toEqual(["log 1: o1\ne1\no2\ne2\no3\ne3\n", "exit 1"]);
    reader.close();
  });

  test("that ends within a line is returned after 100 ms of silence", async () => {
    const supervisor = host({ cmd: "printf 'name? '; sleep 60" });
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), options);
    const ring = await waitFor(() => firstOf(supervisor).rings.get("out"), "the ring");
    await waitFor(() => ring.head === 6, "the prompt");
    expect(readItems(reader, ring.lastWriteMs + 99)).toEqual([]);
    expect(reader.dueMs).toBe(ring.lastWriteMs + 100);
    expect(readItems(reader, ring.lastWriteMs + 100)).toEqual(["out 1: name? "]);
    expect(reader.dueMs).toBeUndefined();
    reader.close();
  });

  test("is split only between characters", async () => {
    const supervisor = host({ cmd: String.raw`printf 'a\342\202'; sleep 0.1; printf '\254b\n'; sleep 60` });
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), options);
    const ring = await waitFor(() => firstOf(supervisor).rings.get("out"), "the ring");
    await waitFor(() => ring.head >= 3, "half a character");
    if (ring.head === 3) expect(readItems(reader, ring.lastWriteMs + 5000)).toEqual(["out 1: a"]);
    await waitFor(() => ring.head === 6, "the rest");
    expect(readItems(reader).join("")).toEndWith("€b\n");
    reader.close();
  });

  test("a carriage return ends a line of a progress bar, but is not split from a newline that follows it", async () => {
    const supervisor = host({ cmd: String.raw`printf '10%%\r20%%\r'; sleep 60` });
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), options);
    const ring = await waitFor(() => firstOf(supervisor).rings.get("out"), "the ring");
    await waitFor(() => ring.head === 8, "the bar");
    expect(readItems(reader, ring.lastWriteMs)).toEqual(["out 1: 10%\r"]);
    expect(readItems(reader, ring.lastWriteMs + 100)).toEqual(["out 1: 20%\r"]);
    reader.close();
  });

  test("that was overwritten is a gap", async () => {
    const supervisor = host({ cmd: "head -c 10000 /dev/zero | tr '\\0' 'x'; echo; echo end", outputBufferBytes: 4096 });
    await waitFor(() => firstOf(supervisor).outputEnded, "the end of the output");
    const source = processSource(supervisor, firstOf(supervisor));
    const place = { processId: 1, outputIndex: 0, position: 100 };
    const position = { ...startOf(supervisor), given: 100, piece: place };
    const reader = new OutputReader(source, { ...options, start: { kind: "resume", position } });
    const items = readItems(reader);
    expect(items[0]).toBe("gap 1 out 100-5909");
    expect(items.slice(1).join("")).toBe(`out 1: ${"x".repeat(4091)}\nend\nexit 1`);
    reader.close();
  });
});

describe("where a reader starts", () => {
  const chatter = "for i in 1 2 3; do echo o$i; read go; echo e$i >&2; read go; done; sleep 60";

  async function chattered(): Promise<Supervisor> {
    const supervisor = host({ cmd: chatter, redirectInput: true });
    await waitFor(() => supervisor.find(1), "the process");
    await lockstep(firstOf(supervisor), 6);
    return supervisor;
  }

  test.each([
    [0, []],
    [1, ["err 1: e3\n"]],
    [3, ["err 1: e2\n", "out 1: o3\n", "err 1: e3\n"]],
    [99, ["out 1: o1\n", "err 1: e1\n", "out 1: o2\n", "err 1: e2\n", "out 1: o3\n", "err 1: e3\n"]],
  ])("tail = %d starts at the last lines of all labels together", async (lines, expected) => {
    const supervisor = await chattered();
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), {
      ...options,
      start: { kind: "tail", lines },
    });
    expect(readItems(reader)).toEqual(expected);
    reader.close();
  });

  test("`since` starts at the first output that arrived then or later", async () => {
    const supervisor = await chattered();
    const ring = firstOf(supervisor).rings.get("out");
    // A Unix time is in whole ms, so it can be up to 1 ms too early on the steady clock.
    const steadyMs = toSteadyMs(ring?.arrivals.unixMsAt(6) ?? 0, currentMoment()) + 1;
    const reader = new OutputReader(processSource(supervisor, firstOf(supervisor)), {
      ...options,
      start: { kind: "since", steadyMs },
    });
    expect(readItems(reader)).toEqual(["out 1: o3\n", "err 1: e3\n"]);
    reader.close();
  });

  test("a reader that resumes after any item gets every later byte once", async () => {
    const supervisor = await chattered();
    const source = templateSource(supervisor);
    const whole = new OutputReader(source, options);
    const all = readItems(whole);
    whole.close();
    for (let count = 0; count <= all.length; count++) {
      const first = new OutputReader(source, options);
      for (let index = 0; index < count; index++) first.next(takeBytes, performance.now());
      const position = first.position();
      first.close();
      const second = new OutputReader(source, { ...options, start: { kind: "resume", position } });
      expect(readItems(second)).toEqual(all.slice(count));
      second.close();
    }
  });

  test("a position that the stream never had is refused", async () => {
    const supervisor = await chattered();
    for (const wrong of [
      { order: 9999 },
      { floor: 9999 },
      { spawnFloor: 9999 },
      { piece: { processId: 1, outputIndex: 1, position: 999 } },
      { ahead: [{ processId: 1, outputIndex: 0, position: 999 }] },
    ]) {
      const position = { ...startOf(supervisor), ...wrong };
      const resume = () =>
        new OutputReader(templateSource(supervisor), { ...options, start: { kind: "resume", position } });
      expect(resume).toThrow("this stream never sent this id");
    }
  });
});

describe("the output of a template", () => {
  test("continues after a restart: exit, spawn and the output of the next process", async () => {
    const supervisor = host({ cmd: "echo line; exec sleep 60", restart: "always" });
    const reader = new OutputReader(templateSource(supervisor), options);
    await waitFor(() => firstOf(supervisor).rings.get("out")?.head === 5, "the first line");
    expect(readItems(reader)).toEqual(["out 1: line\n"]);
    await supervisor.restart({ spawnFirst: false });
    await waitFor(() => supervisor.find(2)?.rings.get("out")?.head === 5, "the second line");
    expect(readItems(reader)).toEqual(["exit 1", "spawn 2", "out 2: line\n"]);
    reader.close();
  });

  test("that is dropped because the memory is short is a gap of exactly what was not read", async () => {
    const memory = new OutputMemory(65_536);
    const cmd = "head -c 9999 /dev/zero | tr '\\0' 'x'; echo";
    const { supervisor } = hosting({ cmd, shell: true, redirectOutput: ["out"], restart: "never" }, { memory });
    supervisor.start();
    await waitFor(() => firstOf(supervisor).outputEnded, "the end of the output");
    const source = templateSource(supervisor);
    const [early, stalled] = [1, 2].map(() => new OutputReader(source, { ...options, unit: "bytes" }));
    const bytes = early!.next(1000, performance.now());
    const to = bytes?.kind === "bytes" ? bytes.to : 0;
    expect(to).toBeGreaterThan(0);
    memory.of("other").room(60_000);
    expect([supervisor.exits.length, supervisor.dropped.bytes("out"), memory.held]).toEqual([0, 10_000, 0]);
    for (const [reader, expected] of [
      [early!, [`gap 1 out ${to}-10000`, "exit 1"]],
      [stalled!, ["gap 1 out 0-10000"]],
    ] as const) {
      expect(readItems(reader)).toEqual([...expected]);
      reader.close();
    }
    const late = new OutputReader(source, { ...options, unit: "bytes" });
    expect(readItems(late)).toEqual([]);
    late.close();
  });

  test("that is dropped before a slow reader has read it is a gap, and not kept in memory", async () => {
    const supervisor = host({ cmd: "echo $$", restart: "always" });
    const reader = new OutputReader(templateSource(supervisor), options);
    await waitFor(() => supervisor.dropped.newestId > 3, "exits that are dropped");
    await supervisor.stop();
    const items = readItems(reader);
    expect(items[0]).toMatch(/^gap 1 out 0-\d+$/);
    expect(items[1]).toBe("gap undefined undefined undefined-undefined");
    expect(items.filter((each) => each.startsWith("exit"))).toHaveLength(10);
    reader.close();
  });

  test("ends when the template is deleted", async () => {
    const supervisor = host({ cmd: "echo line; sleep 60" });
    const reader = new OutputReader(templateSource(supervisor), options);
    await waitFor(() => firstOf(supervisor).rings.get("out")?.head === 5, "the line");
    await supervisor.stop();
    expect(readItems(reader)).toEqual(["out 1: line\n", "exit 1"]);
    expect(reader.ended).toBe(false);
    supervisor.retire();
    expect(readItems(reader)).toEqual([]);
    expect(reader.ended).toBe(true);
    reader.close();
  });
});
