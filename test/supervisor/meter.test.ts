import { expect, test } from "bun:test";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { fixtureCommand, sampleTemplate } from "../process/sample-template.ts";
import { waitFor } from "../wait-for.ts";
import { hostPerTest } from "./hosting.ts";

const hosting = hostPerTest();
const host = (overrides: Partial<ProcessTemplate>) => hosting(overrides).supervisor;

const isOver = (supervisor: Supervisor) =>
  waitFor(
    () => supervisor.status().state === "exited" && supervisor.exits.every((each) => each.outputEnded),
    "the end",
  );

test("counters survive stops, starts, new settings and removed labels", async () => {
  const supervisor = host({ cmd: "sh -c 'printf abc; exit 3'", restart: "never", redirectOutput: ["out"] });
  supervisor.start();
  await isOver(supervisor);
  await supervisor.stop();
  supervisor.start();
  await isOver(supervisor);
  const cmd = "sh -c 'printf abcd; kill -9 $$'";
  await supervisor.update(sampleTemplate({ cmd, restart: "never", redirectOutput: ["log", "out"] }));
  await isOver(supervisor);
  const { outputs, exitsByCode, exitsBySignal, flaps, restarts } = supervisor.meter;
  expect(Array.from(outputs, ([label, { bytes }]) => [label, bytes])).toEqual([
    ["out", 6],
    ["log", 4],
  ]);
  expect([...exitsByCode]).toEqual([[3, 2]]);
  expect([...exitsBySignal]).toEqual([["SIGKILL", 1]]);
  expect([flaps, restarts]).toEqual([0, 0]);
});

test("bytes that a child writes after its parent has exited are counted", async () => {
  const cmd = "sh -c '(trap \"\" TERM; sleep 0.2; printf late) & printf early'";
  const supervisor = host({ cmd, restart: "never", redirectOutput: ["out"], killMode: "process" });
  supervisor.start();
  await waitFor(() => supervisor.exits.length === 1, "the exit");
  expect(supervisor.meter.outputs.get("out")?.bytes).toBe(5);
  await isOver(supervisor);
  expect(supervisor.meter.outputs.get("out")?.bytes).toBe(9);
});

test("every flap is counted, including the one after which the template is given up", async () => {
  const flapping = { attempts: 2, windowMs: 1000, retryInMs: 20, maxRetries: 1 };
  const supervisor = host({ cmd: "false", flapping });
  supervisor.start();
  await waitFor(() => supervisor.status().state === "fatal", "giving up");
  expect(supervisor.meter.flaps).toBe(2);
  expect(supervisor.meter.restarts).toBe(2);
  expect([...supervisor.meter.exitsByCode]).toEqual([[1, 4]]);
  expect(supervisor.status()).toMatchObject({ restarts: 2, wanted: 1, numprocesses: 1 });
});

test("a caller that waits for a stop is not counted as a reader", async () => {
  const supervisor = host({ cmd: fixtureCommand("ignore-sigterm.sh"), redirectOutput: ["out"] });
  supervisor.start();
  await waitFor(() => supervisor.processes[0]?.rings.get("out")?.head === 6, "`ready`");
  const unsubscribe = supervisor.onChange(() => {});
  const stopped = supervisor.stop();
  expect([supervisor.readerCount, supervisor.listenerCount]).toEqual([1, 2]);
  unsubscribe();
  expect([supervisor.readerCount, supervisor.listenerCount]).toEqual([0, 1]);
  supervisor.kill();
  await stopped;
});

test("`wanted` excludes processes that are not restarted, and includes the extra process of a restart", async () => {
  const supervisor = host({ cmd: "sleep 60", numprocesses: 2, restart: "never" });
  expect(supervisor.status().wanted).toBe(0);
  supervisor.start();
  expect(supervisor.status().wanted).toBe(2);
  await waitFor(() => supervisor.status().running === 2, "both");
  supervisor.processes[0]?.signal(9);
  await waitFor(() => supervisor.exits.length === 1, "the exit");
  expect(supervisor.status()).toMatchObject({ wanted: 1, running: 1, numprocesses: 2 });
  const most: number[] = [];
  const unsubscribe = supervisor.onChange(() => most.push(supervisor.status().wanted));
  await supervisor.restart({ spawnFirst: true });
  unsubscribe();
  expect(Math.max(...most)).toBe(3);
  await waitFor(() => supervisor.status().running === 2, "both");
  expect(supervisor.status().wanted).toBe(2);
});
