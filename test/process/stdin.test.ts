import { expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import type { Process } from "../../src/process/process.ts";
import { startProcess } from "./start-process.ts";
import type { Stdin } from "../../src/process/stdin.ts";
import { waitFor } from "../wait-for.ts";
import { isRoot, openFds, readAll, readLine, readText } from "./observe.ts";
import { fixtureCommand, sampleTemplate } from "./sample-template.ts";

const unitBytes = 65_536;
const patient = { timeoutMs: 10_000 };

function spawnReader(cmd: string, shell = false): { process: Process; stdin: Stdin } {
  const process = startProcess(sampleTemplate({ cmd, shell, redirectInput: true, redirectOutput: ["out"] }));
  if (process.stdin === undefined) throw new Error("there is no stdin");
  return { process, stdin: process.stdin };
}

/** The error code and byte count of a promise that must reject. */
async function failureOf(promise: Promise<number>): Promise<[code: string, bytes: unknown]> {
  const error = await promise.then(
    (bytes) => new Error(`wrote ${bytes}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof GafferdError)) throw error;
  return [error.code, error.details?.["bytes"]];
}

/** All 4-byte words within a gigabyte differ, so a lost, repeated or misplaced piece is detected. */
function numbered(length: number, start = 0): Uint8Array {
  return new Uint8Array(new Uint32Array(length / 4).map((_, i) => start / 4 + i).buffer);
}

test("the process reads what is written, and end of file after close", async () => {
  const { process, stdin } = spawnReader("cat");
  expect(await stdin.write(Buffer.from("hello "), patient)).toBe(6);
  expect(await stdin.write(new Uint8Array(), patient)).toBe(0);
  expect(await stdin.write(Buffer.from("world"), patient)).toBe(5);
  expect(stdin.closed).toBe(false);
  stdin.close();
  expect(stdin.closed).toBe(true);
  expect(await readText(process.outputs[0])).toBe("hello world");
  expect((await process.exited).status).toEqual({ exitCode: 0 });
});

test("a single byte is delivered at once", async () => {
  const { process, stdin } = spawnReader("head -c 1");
  await stdin.write(Buffer.from("x"), patient);
  expect(await readText(process.outputs[0])).toBe("x");
});

test("/dev/stdin works", async () => {
  const { process, stdin } = spawnReader("cat /dev/stdin");
  await stdin.write(Buffer.from("x"), patient);
  stdin.close();
  expect(await readText(process.outputs[0])).toBe("x");
});

// Only root can start a process as another user.
test.skipIf(!isRoot)("/dev/stdin works as another user", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: "cat /dev/stdin", redirectInput: true, redirectOutput: ["out"], uid: "nobody" }),
  );
  await process.stdin?.write(Buffer.from("x"), patient);
  process.stdin?.close();
  expect(await readText(process.outputs[0])).toBe("x");
});

test("the process gets a blocking pipe", async () => {
  const { process } = spawnReader("cat /proc/self/fdinfo/0");
  const flags = /flags:\s+(\d+)/.exec(await readText(process.outputs[0]))?.[1];
  expect(Number.parseInt(flags ?? "", 8) & 0o4000).toBe(0);
  await process.exited;
});

test("the counter has exactly the bytes that go into the pipe, in one write or in pieces", async () => {
  const taken = { bytes: 0 };
  const { process, stdin } = spawnReader(fixtureCommand("read-on-usr1.sh"));
  stdin.setCounter(taken);
  await readLine(process.outputs[0]);
  await stdin.write(new Uint8Array(100), patient);
  expect(taken.bytes).toBe(100);
  const rest = stdin.write(new Uint8Array(200_000), patient);
  expect(taken.bytes).toBeWithin(101, 200_000);
  process.signal(10);
  const output = readAll(process.outputs[0]);
  await rest;
  expect(taken.bytes).toBe(200_100);
  stdin.close();
  expect((await output).length).toBe(200_100);
  expect(await failureOf(stdin.write(new Uint8Array(9), patient))).toEqual(["gone", 0]);
  expect(taken.bytes).toBe(200_100);
});

test("bytes keep their order if the reader uses odd block sizes", async () => {
  const { process, stdin } = spawnReader("dd bs=10007 status=none");
  const bytes = numbered(2 ** 22);
  const output = readAll(process.outputs[0]);
  for (let at = 0; at < bytes.length; at += unitBytes) await stdin.write(bytes.subarray(at, at + unitBytes), patient);
  stdin.close();
  expect((await output).equals(bytes)).toBe(true);
});

test("writes of several writers do not interleave", async () => {
  const { process, stdin } = spawnReader("cat");
  const writer = async (id: number): Promise<void> => {
    for (let i = 0; i < 8; i++) await stdin.write(new Uint8Array(unitBytes).fill(id), patient);
  };
  const output = readAll(process.outputs[0]);
  await Promise.all(Array.from({ length: 20 }, (_, id) => writer(id)));
  stdin.close();
  const bytes = await output;
  expect(bytes.length).toBe(20 * 8 * unitBytes);
  for (let at = 0; at < bytes.length; at += unitBytes) {
    const unit = bytes.subarray(at, at + unitBytes);
    if (!unit.equals(new Uint8Array(unitBytes).fill(unit[0] ?? 0))) throw new Error(`units are mixed at byte ${at}`);
  }
});

test("after a timeout the process reads exactly the reported bytes, and then later writes", async () => {
  const { process, stdin } = spawnReader(fixtureCommand("read-on-usr1.sh"));
  await readLine(process.outputs[0]);
  let taken = 0;
  let isFull = false;
  for (let at = 0; !isFull; at = taken) {
    const written = stdin.write(numbered(unitBytes, at), { timeoutMs: 50 });
    const [code, bytes] = await written.then((count) => ["", count] as const).catch(() => failureOf(written));
    isFull = code === "overloaded";
    taken += Number(bytes);
  }
  expect(await failureOf(stdin.write(Buffer.from("never"), { timeoutMs: 20 }))).toEqual(["overloaded", 0]);
  const later = stdin.write(Buffer.from("later"), patient);
  stdin.close();
  process.signal(10);
  const output = await readAll(process.outputs[0]);
  expect(await later).toBe(5);
  expect(output.length).toBe(taken + 5);
  expect(output.subarray(taken).toString()).toBe("later");
  expect(output.subarray(0, taken).equals(numbered(Math.ceil(taken / 4) * 4).subarray(0, taken))).toBe(true);
});

test("a queued write that times out has written nothing and leaves the queue", async () => {
  const { process, stdin } = spawnReader(fixtureCommand("read-on-usr1.sh"));
  await readLine(process.outputs[0]);
  const first = stdin.write(new Uint8Array(2 * unitBytes).fill(1), patient);
  const impatient = stdin.write(Buffer.from("impatient"), { timeoutMs: 30 });
  const last = stdin.write(Buffer.from("last"), patient);
  expect(await failureOf(impatient)).toEqual(["overloaded", 0]);
  process.signal(10);
  expect(await Promise.all([first, last])).toEqual([2 * unitBytes, 4]);
  stdin.close();
  const output = await readAll(process.outputs[0]);
  expect(output.subarray(2 * unitBytes).toString()).toBe("last");
});

test("a slow reader does not cause a timeout", async () => {
  const cmd = "for i in 1 2 3 4 5 6 7 8; do sleep 0.2; head -c 32768; done; cat";
  const { process, stdin } = spawnReader(cmd, true);
  const output = readAll(process.outputs[0]);
  // The reader takes longer than that for all of it.
  expect(await stdin.write(numbered(8 * 32_768), { timeoutMs: 1000 })).toBe(8 * 32_768);
  stdin.close();
  expect((await output).equals(numbered(8 * 32_768))).toBe(true);
});

test("a write is refused at once when 8 MiB are queued", async () => {
  const { process, stdin } = spawnReader(fixtureCommand("never-read.sh"));
  const unit = new Uint8Array(unitBytes);
  await stdin.write(unit, patient); // Fills the pipe.
  const waiting = Array.from({ length: 128 }, () => failureOf(stdin.write(unit, patient)));
  expect(await failureOf(stdin.write(unit, patient))).toEqual(["overloaded", 0]);
  process.kill();
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => ["gone", 0]));
});

test("all queued writes fail with `gone` when the process exits", async () => {
  const { process, stdin } = spawnReader(fixtureCommand("never-read.sh"));
  const waiting = [1, 2, 3].map(() => failureOf(stdin.write(new Uint8Array(unitBytes * 2), patient)));
  process.kill();
  expect(await Promise.all(waiting)).toEqual([
    ["gone", unitBytes],
    ["gone", 0],
    ["gone", 0],
  ]);
  await process.exited;
  expect(stdin.closed).toBe(true);
  expect(await failureOf(stdin.write(Buffer.from("x"), patient))).toEqual(["gone", 0]);
});

test("writes fail with `gone` when a running process has closed its stdin", async () => {
  const { process, stdin } = spawnReader("exec <&-; echo closed; exec sleep 60", true);
  await readLine(process.outputs[0]);
  expect(await failureOf(stdin.write(Buffer.from("x"), patient))).toEqual(["gone", 0]);
  expect(stdin.closed).toBe(true);
  await process.stop();
});

test("a waiting write fails with `gone` when the process closes its stdin", async () => {
  const { process, stdin } = spawnReader(
    "trap 'exec <&-; exec sleep 60' USR1; echo ready; while :; do sleep 0.02; done",
    true,
  );
  await readLine(process.outputs[0]);
  const waiting = failureOf(stdin.write(new Uint8Array(2 * unitBytes), patient));
  process.signal(10);
  expect(await waiting).toEqual(["gone", unitBytes]);
  await process.stop();
});

test("close writes what is queued and refuses later writes", async () => {
  const { process, stdin } = spawnReader("cat");
  const before = [1, 2, 3].map((id) => stdin.write(new Uint8Array(unitBytes * 2).fill(id), patient));
  stdin.close();
  expect(await failureOf(stdin.write(Buffer.from("x"), patient))).toEqual(["gone", 0]);
  expect((await readAll(process.outputs[0])).length).toBe(3 * 2 * unitBytes);
  expect(await Promise.all(before)).toEqual([1, 2, 3].map(() => 2 * unitBytes));
});

test("200 MB are written within seconds", async () => {
  const { process, stdin } = spawnReader("cat >/dev/null", true);
  const bytes = new Uint8Array(unitBytes);
  const startMs = performance.now();
  for (let i = 0; i < 3200; i++) await stdin.write(bytes, patient);
  stdin.close();
  await process.exited;
  expect(performance.now() - startMs).toBeLessThan(10_000);
});

test("no descriptor stays open, however stdin ends", async () => {
  const before = openFds();
  for (let i = 0; i < 10; i++) {
    const closed = spawnReader("cat");
    closed.stdin.close();
    const killed = spawnReader(fixtureCommand("never-read.sh"));
    const waiting = failureOf(killed.stdin.write(new Uint8Array(unitBytes * 2), patient));
    killed.process.kill();
    await Promise.all([readText(closed.process.outputs[0]), readText(killed.process.outputs[0]), waiting]);
    await Promise.all([closed.process.exited, killed.process.exited]);
  }
  await waitFor(() => openFds() <= before, `as few descriptors as before (${before})`);
});

const at = (offset: number, isContinued = false) => ({ ...patient, place: { offset, isContinued } });

test("with a position, bytes that were accepted before are skipped", async () => {
  const { process, stdin } = spawnReader("cat");
  expect(await stdin.write(Buffer.from("0123"), patient)).toBe(4);
  expect(await stdin.write(Buffer.from("23456"), at(2))).toBe(3);
  expect(await stdin.write(Buffer.from("0123456"), at(0))).toBe(0);
  expect(await stdin.write(Buffer.from("789"), at(7))).toBe(3);
  expect(stdin.taken).toBe(10);
  stdin.close();
  expect(await readText(process.outputs[0])).toBe("0123456789");
});

test("a position past the accepted bytes is a conflict that names where to continue, and nothing is written", async () => {
  const { process, stdin } = spawnReader("cat");
  await stdin.write(Buffer.from("0123"), patient);
  const refused = stdin.write(Buffer.from("56"), at(5));
  expect(refused).rejects.toThrow("`offset=5` is past the 4 bytes that were accepted; continue with `offset=4`");
  expect(await failureOf(refused)).toEqual(["conflict", 0]);
  stdin.close();
  expect(await readText(process.outputs[0])).toBe("0123");
});

test("a repeated write that was already accepted succeeds after the process has ended", async () => {
  const { process, stdin } = spawnReader("cat");
  await stdin.write(Buffer.from("0123"), at(0));
  stdin.close();
  await process.exited;
  expect(await stdin.write(Buffer.from("0123"), at(0))).toBe(0);
  expect(await failureOf(stdin.write(Buffer.from("01234"), at(0)))).toEqual(["gone", 0]);
});

test("the position counts when the turn of a write comes: the same bytes from two writers are written once", async () => {
  const { process, stdin } = spawnReader(fixtureCommand("read-on-usr1.sh"));
  await readLine(process.outputs[0]);
  const bytes = numbered(4 * unitBytes);
  const writer = async () => {
    let written = 0;
    for (let from = 0; from < bytes.length; from += unitBytes) {
      written += await stdin.write(bytes.subarray(from, from + unitBytes), at(from, from > 0));
    }
    return written;
  };
  const writers = [writer(), writer(), writer()];
  process.signal(10);
  const output = readAll(process.outputs[0]);
  const written = await Promise.all(writers);
  stdin.close();
  expect((await output).equals(bytes)).toBe(true);
  expect(written.reduce((sum, each) => sum + each)).toBe(bytes.length);
});

test("what somebody else wrote in between without a position is not taken for the bytes that belong there", async () => {
  const { stdin } = spawnReader("cat");
  await stdin.write(Buffer.from("0123"), at(0));
  await stdin.write(Buffer.from("xx"), patient);
  expect(await failureOf(stdin.write(Buffer.from("4567"), at(4, true)))).toEqual(["conflict", 0]);
  stdin.close();
});

test("the piece that cannot be withdrawn after a timeout is counted as accepted", async () => {
  const { process, stdin } = spawnReader(fixtureCommand("read-on-usr1.sh"));
  await readLine(process.outputs[0]);
  const bytes = numbered(2 ** 20);
  const [code, written] = await failureOf(
    stdin.write(bytes, { timeoutMs: 50, place: { offset: 0, isContinued: false } }),
  );
  expect([code, stdin.taken]).toEqual(["overloaded", Number(written)]);
  process.signal(10);
  const output = readAll(process.outputs[0]);
  expect(await stdin.write(bytes.subarray(stdin.taken), at(stdin.taken))).toBe(bytes.length - Number(written));
  stdin.close();
  expect((await output).equals(Buffer.from(bytes))).toBe(true);
});
