import { expect, test } from "bun:test";
import { describeExit } from "../../src/supervisor/describe-exit.ts";
import { Population } from "../../src/supervisor/population.ts";
import { Stops } from "../../src/supervisor/stops.ts";
import type { SupervisedProcess } from "../../src/supervisor/supervised-process.ts";
import type { TemplateEvents } from "../../src/supervisor/template-events.ts";
import { lives } from "../process/observe.ts";
import { takeSlices } from "../take-slices.ts";
import { waitFor } from "../wait-for.ts";
import { type Hosting, hostPerTest } from "./hosting.ts";

const host = hostPerTest();

async function hostRunning(overrides: Parameters<typeof host>[0]): Promise<Hosting> {
  const hosting = host({ cmd: "sleep 60", ...overrides });
  hosting.supervisor.start();
  await hosting.supervisor.filled();
  return hosting;
}

const count = ({ story }: Hosting, type: string) => story().filter((each) => each.startsWith(type)).length;

test("many processes are stopping at once, and get their signals in slices", async () => {
  const hosting = await hostRunning({ numprocesses: 4 });
  const { supervisor } = hosting;
  const { processes } = supervisor;
  takeSlices(2);
  const stopped = supervisor.stop();
  expect(supervisor.status()).toMatchObject({ state: "stopping", running: 0 });
  expect(processes.map(({ state, stopReason }) => `${state} ${stopReason}`)).toEqual(Array(4).fill("stopping stop"));
  // One step was made although the slice of this turn was used up; the others wait.
  expect(count(hosting, "stop_pid")).toBe(1);
  await stopped;
  expect(count(hosting, "stop_pid")).toBe(4);
  expect(processes.some(({ osPid }) => lives(osPid))).toBe(false);
});

/** Stands for a process of which only the state and the stop matter. */
class FakeProcess {
  state = "running";
  readonly template = {};
  readonly exited = new Promise(() => {});
  readonly survivors = [];
  readonly id: number;
  readonly stop: () => Promise<void>;

  constructor(id: number, stop: () => Promise<void>) {
    this.id = id;
    this.stop = stop;
  }

  beginStop() {
    this.state = "stopping";
  }
}

function beginStops(processes: readonly FakeProcess[]): Population {
  const population = new Population();
  const supervised = processes as unknown as SupervisedProcess[];
  for (const process of supervised) population.add(process, { onExit() {}, onFinished() {} });
  const events = { stopping() {} } as unknown as TemplateEvents;
  new Stops({ population, events, onChange() {}, onGivenUp() {} }).begin(supervised, "stop");
  return population;
}

test("however long the stops of many processes take, the event loop has turns in between", async () => {
  const stopped: number[] = [];
  const stop = async () => {
    Bun.sleepSync(1);
    stopped.push(1);
  };
  const population = beginStops(Array.from({ length: 100 }, (_, id) => new FakeProcess(id, stop)));
  expect(population.runningCount).toBe(0);
  const seen: number[] = [];
  while (stopped.length < 100) {
    seen.push(stopped.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Each stop takes a millisecond at least, and a slice ends after 5.
  const steps = seen.map((before, index) => (seen[index + 1] ?? 100) - before);
  expect(Math.max(...steps)).toBeLessThanOrEqual(12);
});

test("a process that exits by itself before its turn gets no signal", async () => {
  const stopped: number[] = [];
  takeSlices(2);
  const processes = [1, 2, 3].map((id) => new FakeProcess(id, async () => void stopped.push(id)));
  beginStops(processes);
  processes[1]!.state = "exited";
  await waitFor(() => stopped.length === 2, "two stops");
  expect(stopped).toEqual([1, 3]);
});

test("a start while signals are being sent replaces all processes", async () => {
  const hosting = await hostRunning({ numprocesses: 4 });
  const { supervisor } = hosting;
  takeSlices(3);
  void supervisor.stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect(count(hosting, "stop_pid")).toBeLessThan(4);
  supervisor.start();
  await waitFor(() => supervisor.status().running === 4, "four new processes");
  await waitFor(() => supervisor.processes.length === 4, "the end of the old ones");
  expect(supervisor.processes.map(({ id }) => id)).toEqual([5, 6, 7, 8]);
  expect(count(hosting, "stop_pid")).toBe(4);
});

test("a second stop waits for the same processes, which get one signal each", async () => {
  const hosting = await hostRunning({ numprocesses: 4 });
  const { supervisor } = hosting;
  const { processes } = supervisor;
  takeSlices(3);
  const first = supervisor.stop();
  await new Promise((resolve) => setImmediate(resolve));
  await supervisor.stop();
  expect(processes.some(({ osPid }) => lives(osPid))).toBe(false);
  await first;
  expect(count(hosting, "stop_pid")).toBe(4);
});

test("a process that is stopped by itself while signals are being sent has ended when that stop is done", async () => {
  const hosting = await hostRunning({ numprocesses: 4 });
  const { supervisor } = hosting;
  const last = supervisor.processes[3]!;
  takeSlices(3);
  const stopped = supervisor.stop();
  await supervisor.stopProcess(last);
  expect(lives(last.osPid)).toBe(false);
  await stopped;
  expect(count(hosting, "stop_pid")).toBe(4);
});

test("SIGKILL for all ends those whose signal has not been sent yet, and SIGTERM does not follow", async () => {
  const hosting = await hostRunning({
    cmd: "sh -c 'trap \"\" TERM; sleep 60 & wait; sleep 60'",
    numprocesses: 4,
    gracefulTimeoutMs: 60_000,
  });
  const { supervisor } = hosting;
  takeSlices(3);
  const stopped = supervisor.stop();
  supervisor.kill();
  await stopped;
  const statuses = supervisor.exits.map(({ exit }) => describeExit(exit!.status, 1));
  expect(new Set(statuses)).toEqual(new Set([describeExit({ signal: "SIGKILL" }, 1)]));
});

test("a smaller number of processes stops the highest slots, and resolves when they have ended", async () => {
  const hosting = await hostRunning({ numprocesses: 4 });
  const { supervisor } = hosting;
  const { processes } = supervisor;
  takeSlices(3);
  const scaled = supervisor.scale(-3);
  expect(supervisor.status()).toMatchObject({ running: 1 });
  expect(await scaled).toBe(1);
  expect(processes.map(({ osPid }) => lives(osPid))).toEqual([true, false, false, false]);
  expect(count(hosting, "reap")).toBe(3);
});
