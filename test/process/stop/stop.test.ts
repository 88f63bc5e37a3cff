import { expect, test } from "bun:test";
import { startProcess } from "../start-process.ts";
import { stopTarget } from "../../../src/process/stop/stop.ts";
import { lives, readLine } from "../observe.ts";
import { fixtureCommand, sampleTemplate } from "../sample-template.ts";

test("the steps continue until the target has exited, and no further", async () => {
  const sent: number[] = [];
  const emptied = Promise.withResolvers<void>();
  const signal = (signalNumber: number) => {
    sent.push(signalNumber);
    if (signalNumber === 2) emptied.resolve();
  };
  const steps = [1, 2, 9].map((signalNumber) => ({ signalNumber, waitMs: 10 }));
  await stopTarget(steps, { signal, emptied: emptied.promise });
  expect(sent).toEqual([1, 2]);
});

test("stopTarget returns false if the target is running after the last step", async () => {
  const emptied = Promise.withResolvers<void>();
  const steps = [{ signalNumber: 9, waitMs: 20 }];
  expect(await stopTarget(steps, { signal: () => {}, emptied: emptied.promise })).toBe(false);
  expect(await stopTarget(steps, { signal: () => emptied.resolve(), emptied: emptied.promise })).toBe(true);
});

test("a step may wait longer than the longest timer", async () => {
  const sent: number[] = [];
  const emptied = Promise.withResolvers<void>();
  const steps = [15, 9].map((signalNumber) => ({ signalNumber, waitMs: 2 ** 40 }));
  const climbed = stopTarget(steps, { signal: (signalNumber) => sent.push(signalNumber), emptied: emptied.promise });
  setTimeout(emptied.resolve, 20);
  await climbed;
  expect(sent).toEqual([15]);
});

test("the stop signal of the template stops a process", async () => {
  const process = startProcess(sampleTemplate({ cmd: "sleep 60", stopSignal: "SIGINT" }));
  await process.stop();
  expect((await process.exited).status).toEqual({ signal: "SIGINT" });
});

test("a process that ignores the stop signal is killed after the graceful timeout", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: fixtureCommand("ignore-sigterm.sh"), redirectOutput: ["out"], gracefulTimeoutMs: 100 }),
  );
  await readLine(process.outputs[0]);
  const startMs = performance.now();
  await process.stop();
  expect(performance.now() - startMs).toBeWithin(99, 10_000);
  expect((await process.exited).status).toEqual({ signal: "SIGKILL" });
});

test("a second stop returns the promise of the first", async () => {
  const process = startProcess(sampleTemplate({ cmd: "sleep 60" }));
  expect(process.stop()).toBe(process.stop());
  await process.stop();
});

test("kill ends a stop at once", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: fixtureCommand("ignore-sigterm.sh"), redirectOutput: ["out"], gracefulTimeoutMs: 60_000 }),
  );
  await readLine(process.outputs[0]);
  const stopped = process.stop();
  process.kill();
  await stopped;
  expect((await process.exited).status).toEqual({ signal: "SIGKILL" });
});

test("a child that ignores the stop signal is killed after the graceful timeout, even if its parent has exited", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: fixtureCommand("fork-child.sh"), redirectOutput: ["out"], gracefulTimeoutMs: 150 }),
  );
  const child = Number(await readLine(process.outputs[0]));
  const startMs = performance.now();
  const stopped = process.stop();
  expect((await process.exited).status).toEqual({ signal: "SIGTERM" });
  expect(lives(child)).toBe(true);
  await stopped;
  expect(performance.now() - startMs).toBeWithin(149, 10_000);
  expect(lives(child)).toBe(false);
});

test("stop after the exit stops the remaining children, and emptied waits for them", async () => {
  const process = startProcess(sampleTemplate({ cmd: fixtureCommand("leave-child.sh"), redirectOutput: ["out"] }));
  const child = Number(await readLine(process.outputs[0]));
  await process.exited;
  let isEmpty = false;
  void process.emptied.then(() => (isEmpty = true));
  await Bun.sleep(20); // What must not happen cannot be waited for.
  expect(isEmpty).toBe(false);
  await process.stop();
  await process.emptied;
  expect(lives(child)).toBe(false);
});

test("stop after the exit kills children that ignore the stop signal", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: fixtureCommand("leave-stubborn-child.sh"), redirectOutput: ["out"], gracefulTimeoutMs: 100 }),
  );
  const child = Number(await readLine(process.outputs[0]));
  await process.exited;
  const startMs = performance.now();
  await process.stop();
  expect(performance.now() - startMs).toBeWithin(99, 10_000);
  expect(lives(child)).toBe(false);
});

test("many groups with children left behind are stopped together", async () => {
  const template = sampleTemplate({ cmd: fixtureCommand("leave-child.sh"), redirectOutput: ["out"] });
  const processes = Array.from({ length: 40 }, () => startProcess(template));
  const children = await Promise.all(processes.map(async ({ outputs }) => Number(await readLine(outputs[0]))));
  await Promise.all(processes.map((process) => process.exited));
  expect(children.filter(lives)).toHaveLength(40);
  await Promise.all(processes.map((process) => process.stop()));
  expect(children.filter(lives)).toEqual([]);
});
