import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { canMount, mountTinyDisk } from "../faults/tiny-disk.ts";
import { waitFor } from "../wait-for.ts";
import { exitOf, hostJournal } from "./journal-host.ts";
import { readFromDisk, readKept, type Seen, textOf } from "./reading.ts";

const numbers = (last: number) => Array.from({ length: last }, (_, at) => `${at + 1}\n`).join("");
const gapBytes = (seen: readonly Seen[]) => seen.reduce((sum, each) => sum + ("gap" in each ? (each.gap ?? 0) : 0), 0);

const segmentsIn = (stateDir: string) => readdirSync(join(stateDir, "journal/web")).toSorted();

test("without `output_keep` nothing is written, and no buffer has a reader", async () => {
  await using host = hostJournal();
  host.create({ cmd: "sleep 60", outputKeep: undefined as never });
  expect(existsSync(join(host.stateDir, "journal"))).toBe(false);
  expect(host.manager.readerCount()).toBe(0);
  expect(host.journal.find("web")).toBeUndefined();
});

test("segments and their folder are only for gafferd's user", async () => {
  await using host = hostJournal();
  host.create({ cmd: "echo secret" });
  await exitOf(host);
  await host.journal.find("web")?.flush();
  const folder = join(host.stateDir, "journal/web");
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(segmentsIn(host.stateDir).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
});

describe("retention", () => {
  test("deletes whole segments beyond the size; the rest keeps its positions and begins with a whole line", async () => {
    await using host = hostJournal();
    // 4,000 lines of 1 KiB with pauses, so that nothing is lost, and a line that is complete only at the end.
    const cmd = `sh -c 'printf "begun " >&2; for n in $(seq 40); do seq -f %01023.0f $(((n-1)*100+1)) $((n*100)); sleep 0.01; done; echo done >&2'`;
    host.create({ cmd, outputKeep: { maxBytes: 2 ** 20 } });
    await exitOf(host);
    const kept = host.journal.find("web");
    await kept?.flush();
    const sizes = kept?.segments.list.map(({ size }) => size) ?? [];
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 ** 20 + 2 ** 18);
    expect(sizes.length).toBeGreaterThan(3);
    const { seen } = await readFromDisk(host, { start: { kind: "held" } });
    expect(gapBytes(seen)).toBe(0);
    const lines = textOf(seen, "1 out").split("\n").slice(0, -1);
    expect(lines.filter((line) => line.length !== 1023)).toEqual([]);
    const [first = ""] = lines;
    expect(lines.map(Number)).toEqual(Array.from({ length: lines.length }, (_, at) => Number(first) + at));
    const from = seen.flatMap((each) => ("from" in each && each.from.startsWith("1 out") ? [each.from] : []))[0];
    expect(from).toBe(`1 out ${(Number(first) - 1) * 1024}`);
    expect(textOf(seen, "1 err")).toBe("begun done\n");
  });

  test("deletes segments that are too old, also of a template that was deleted, and then its folder", async () => {
    await using host = hostJournal();
    host.create({ cmd: "echo old", outputKeep: { maxAgeMs: 60_000 } });
    await exitOf(host);
    await host.manager.delete("web");
    await host.journal.find("web")?.flush();
    await host.journal.sweep();
    expect(segmentsIn(host.stateDir).length).toBe(1);
    const [name = ""] = segmentsIn(host.stateDir);
    await using later = hostJournal({ stateDir: host.stateDir });
    utimesSync(join(host.stateDir, "journal/web", name), new Date(), new Date(Date.now() - 61_000));
    await later.journal.sweep();
    expect(later.journal.names()).toEqual([]);
  });
});

test("output that is too old is deleted also while its process writes nothing more", async () => {
  await using host = hostJournal();
  const cmd = "sh -c 'echo old; read line; echo new; read line'";
  host.create({ cmd, redirectInput: true, redirectOutput: ["out"], outputKeep: { maxAgeMs: 60_000 } });
  const [process] = host.manager.get("web").processes;
  await waitFor(() => process?.rings.get("out")?.head === 4, "the first line");
  const kept = host.journal.find("web");
  await kept?.flush();
  const [segment] = kept?.segments.list ?? [];
  segment!.writtenAtMs = Date.now() - 61_000;
  await host.journal.sweep();
  expect(segmentsIn(host.stateDir)).toEqual([]);
  await process?.stdin?.write(Buffer.from("\n"), { timeoutMs: 1000 });
  await waitFor(() => process?.rings.get("out")?.head === 8, "the second line");
  const { seen } = await readFromDisk(host, { start: { kind: "held" } });
  expect(textOf(seen, "1 out")).toBe("new\n");
  expect(segmentsIn(host.stateDir)).toEqual(["0000000002.gj"]);
});

test("`output_keep` is turned on and off without a restart of the process", async () => {
  await using host = hostJournal();
  const { manager } = host;
  host.create({
    cmd: "sh -c 'echo one; read line; echo two; read line; echo three; read line'",
    redirectInput: true,
    outputKeep: undefined as never,
  });
  const { template } = manager.get("web");
  const [process] = manager.get("web").processes;
  const ring = process?.rings.get("out");
  const say = async (text: string) => void (await process?.stdin?.write(Buffer.from(text), { timeoutMs: 1000 }));
  await waitFor(() => ring?.head === 4, "the first line");
  await manager.update("web", { ...template, outputKeep: { maxBytes: 2 ** 20 } }, { keepSame: true });
  await say("\n");
  await waitFor(() => ring?.head === 8, "the second line");
  expect(textOf((await readFromDisk(host, { start: { kind: "held" } })).seen, "1 out")).toBe("one\ntwo\n");
  await manager.update("web", template, { keepSame: true });
  await waitFor(() => host.journal.find("web")?.writer === undefined, "the end of the journal");
  expect(ring?.cursors.size).toBe(0);
  await say("\n");
  await waitFor(() => ring?.head === 14, "the third line");
  expect(manager.get("web").processes).toEqual([process!]);
  expect(textOf((await readKept(host, { start: { kind: "tail", lines: 100 } })).seen, "1 out")).toBe(
    "one\ntwo\nthree\n",
  );
});

test.skipIf(!canMount)(
  "a full disk is logged once; the journal goes on when there is space, and what it lost is a gap",
  async () => {
    using disk = mountTinyDisk("512k");
    await using host = hostJournal({ stateDir: join(disk.path, "state") });
    const infos: string[] = [];
    host.log.info = (message: string) => void infos.push(message);
    host.create({
      cmd: `sh -c 'echo first; read line; seq 20000; read line; seq 10'`,
      redirectInput: true,
      redirectOutput: ["out"],
      outputBufferBytes: 8192,
    });
    const [process] = host.manager.get("web").processes;
    const say = async () => void (await process?.stdin?.write(Buffer.from("\n"), { timeoutMs: 1000 }));
    await waitFor(() => host.journal.find("web")?.writer?.current?.size, "the first block");
    disk.fill();
    await say();
    await waitFor(() => host.errors[0], "an error");
    disk.free();
    await waitFor(() => infos[0], "the journal to go on");
    await say();
    await exitOf(host);
    const { seen } = await readFromDisk(host, { start: { kind: "held" } });
    const all = `first\n${numbers(20_000)}${numbers(10)}`;
    expect(textOf(seen, "1 out").length + gapBytes(seen)).toBe(all.length);
    expect(textOf(seen, "1 out")).toEndWith(numbers(10));
    expect(host.errors.length).toBe(1);
    expect(host.errors[0]).toMatch(/^cannot keep output in .*journal\/web\/0000000001.gj: ENOSPC/);
  },
);

test("a journal that cannot be written is reported, and the process is not held up", async () => {
  await using host = hostJournal();
  mkdirSync(join(host.stateDir, "journal"));
  await Bun.write(join(host.stateDir, "journal/web"), "a file, not a folder");
  host.create({ cmd: "seq 300000", redirectOutput: ["out"], outputBufferBytes: 4096 });
  await exitOf(host);
  await waitFor(() => host.errors[0], "an error");
  expect(host.errors).toEqual([
    expect.stringMatching(
      /^cannot keep output of web: E\w+: .*; trying again every second, streams name what is lost$/,
    ),
  ]);
});

test("a damaged segment is reported with its name, and everything else is read, with a gap", async () => {
  await using host = hostJournal();
  host.create({ cmd: `sh -c 'for n in $(seq 20); do seq 100; sleep 0.03; done'`, redirectOutput: ["out"] });
  await exitOf(host);
  await host.journal.find("web")?.flush();
  const path = join(host.stateDir, "journal/web", segmentsIn(host.stateDir)[0] ?? "");
  const bytes = Buffer.from(await Bun.file(path).arrayBuffer());
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await Bun.write(path, bytes);
  const { seen } = await readFromDisk(host, { start: { kind: "held" } });
  expect(gapBytes(seen)).toBeGreaterThan(0);
  expect(textOf(seen, "1 out").length + gapBytes(seen)).toBe(20 * numbers(100).length);
  expect(host.errors).toEqual([expect.stringContaining(`${path} is damaged from byte `)]);
});
