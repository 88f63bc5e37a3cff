import { describe, expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { lives, openFds, zombies } from "../process/observe.ts";
import { fixtureCommand, sampleTemplate } from "../process/sample-template.ts";
import { waitFor } from "../wait-for.ts";
import { hostPerTest } from "./hosting.ts";

const host = hostPerTest();

const running = (supervisor: Supervisor) => supervisor.status().running;
const ids = (supervisor: Supervisor) => supervisor.processes.map(({ id }) => id);
const slotOf = (supervisor: Supervisor, id: number) => supervisor.find(id)?.slot;
const slots = (supervisor: Supervisor) => supervisor.processes.map(({ slot }) => slot);
const allLive = (supervisor: Supervisor) => supervisor.processes.every(({ osPid }) => lives(osPid));

describe("keeping the wanted number of processes", () => {
  test("`filled` resolves when `numprocesses` processes run", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60", numprocesses: 3 });
    supervisor.start();
    await supervisor.filled();
    expect(supervisor.status()).toMatchObject({ state: "running", active: true, running: 3, stopped: false });
    expect(ids(supervisor)).toEqual([1, 2, 3]);
    expect(allLive(supervisor)).toBe(true);
    expect(story()).toEqual(["start", "spawn 1", "spawn 2", "spawn 3"]);
  });

  test("`filled` resolves even if processes exit immediately", async () => {
    const { supervisor } = host({ cmd: "true", numprocesses: 100 });
    supervisor.start();
    await supervisor.filled();
    expect(supervisor.meter.spawns).toBeGreaterThanOrEqual(100);
  });

  test("`numprocesses = 0` runs no process, and the template is active", () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 0 });
    supervisor.start();
    expect(supervisor.status()).toMatchObject({ state: "running", active: true, running: 0 });
  });

  test("a process that crashes is replaced, and its exit is published after the state has changed", async () => {
    const { supervisor, bus, story } = host({ cmd: "sleep 60" });
    const seen: unknown[] = [];
    bus.subscribe((event) => event.type === "exit" && seen.push(supervisor.find(event.id)?.state));
    supervisor.start();
    supervisor.processes[0]?.signal(9);
    await waitFor(() => ids(supervisor)[0] === 2, "the replacement");
    expect(supervisor.status()).toMatchObject({ state: "running", restarts: 1 });
    expect(story()).toEqual(["start", "spawn 1", "exit 1", "spawn 2"]);
    expect(seen).toEqual(["exited"]);
    expect(supervisor.exits.map(({ id, exit }) => [id, exit?.status])).toEqual([[1, { signal: "SIGKILL" }]]);
  });

  test("`restart = never` replaces no process; a new start runs all of them again", async () => {
    const { supervisor } = host({ cmd: "true", numprocesses: 2, restart: "never" });
    supervisor.start();
    await waitFor(() => supervisor.status().state === "exited", "the end of both");
    expect(supervisor.status()).toMatchObject({ active: false, running: 0, restarts: 0 });
    supervisor.start();
    await waitFor(() => supervisor.exits.length === 4, "the end of two more");
  });

  test("`restart = on-failure` replaces processes that failed, not those that succeeded", async () => {
    const flag = `/tmp/gafferd-test-${process.pid}-${Date.now()}`;
    const { supervisor } = host({
      cmd: `sh -c 'test -e ${flag} && exit 0; touch ${flag}; exit 1'`,
      restart: "on-failure",
    });
    supervisor.start();
    await waitFor(() => supervisor.status().state === "exited", "the end");
    expect(supervisor.exits.map(({ exit }) => exit?.status)).toEqual([{ exitCode: 1 }, { exitCode: 0 }]);
    await Bun.file(flag).delete();
  });
});

describe("flapping", () => {
  const flapping = { attempts: 2, windowMs: 10_000, retryInMs: 30, maxRetries: 2 };

  test("two exits in the window stop the template; it is retried `max_retry` times, and then stays stopped", async () => {
    const { supervisor, events } = host({ cmd: "false", flapping });
    supervisor.start();
    await waitFor(() => supervisor.status().state === "backoff", "the first backoff");
    expect(supervisor.status()).toMatchObject({ flapping: true, running: 0, active: true });
    expect(supervisor.status().nextRetryAtMs).toBeGreaterThan(Date.now() - 1000);
    await waitFor(() => supervisor.status().state === "fatal", "giving up");
    expect(supervisor.status()).toMatchObject({ active: false, running: 0 });
    expect(supervisor.status().reason).toContain("exited 2 times within");
    const flaps = events.filter((event) => event.type === "flap");
    expect(flaps.map((event) => event.retryAtMs !== undefined)).toEqual([true, true, false]);
    expect(events.filter((event) => event.type === "spawn")).toHaveLength(6);
  });

  test("the other processes of a flapping template are stopped with it", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 3, flapping: { ...flapping, retryInMs: 60_000 } });
    supervisor.start();
    await supervisor.filled();
    for (const process of supervisor.processes.slice(0, 2)) process.signal(9);
    await waitFor(
      () => supervisor.status().state === "backoff" && supervisor.processes.length === 0,
      "an empty backoff",
    );
  });

  test("a stop during the backoff cancels the retry; a start retries immediately", async () => {
    const { supervisor } = host({ cmd: "false", flapping: { ...flapping, retryInMs: 60_000 } });
    supervisor.start();
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    await supervisor.stop();
    expect(supervisor.status()).toMatchObject({ state: "stopped", flapping: false });
    expect(supervisor.status().nextRetryAtMs).toBeUndefined();
    supervisor.start();
    expect(running(supervisor)).toBe(1);
  });

  test("requested exits do not count", async () => {
    const { supervisor } = host({ cmd: "sleep 60", flapping });
    supervisor.start();
    for (let count = 0; count < 4; count++) {
      const [process] = supervisor.processes;
      if (process) await supervisor.stopProcess(process);
      await waitFor(() => running(supervisor) === 1, "the replacement");
    }
    expect(supervisor.status()).toMatchObject({ state: "running", flapping: false });
  });
});

describe("backoff", () => {
  const backoff = { minMs: 50, maxMs: 60_000, factor: 1000, jitter: 0, resetAfterMs: 60_000 };

  test("the slot of an exited process waits, longer each time; the status has the reason and the time", async () => {
    const { supervisor, story } = host({ cmd: "sh -c 'exit 3'", backoff });
    supervisor.start();
    await waitFor(() => story().filter((event) => event.startsWith("exit")).length === 2, "the second exit");
    const { state, reason, nextRetryAtMs = 0, flapping, active } = supervisor.status();
    expect({ state, flapping, active }).toEqual({ state: "backoff", flapping: false, active: true });
    expect(reason).toMatch(/^exited with status 3 after [\d.]+ s, 2 times in a row$/);
    expect(nextRetryAtMs).toBeGreaterThan(Date.now() + 10_000);
    expect(story()).toEqual(["start", "spawn 1", "exit 1", "spawn 2", "exit 2"]);
  });

  test("the other processes keep running", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 3, backoff: { ...backoff, minMs: 60_000 } });
    supervisor.start();
    await waitFor(() => running(supervisor) === 3, "all three");
    supervisor.find(2)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    expect(ids(supervisor)).toEqual([1, 3]);
    supervisor.start();
    await waitFor(() => running(supervisor) === 3, "the third process");
    expect(supervisor.status().nextRetryAtMs).toBeUndefined();
  });

  test("an update does not wait: all slots are filled with the new settings", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 2, backoff: { ...backoff, minMs: 60_000 } });
    supervisor.start();
    await waitFor(() => running(supervisor) === 2, "both");
    supervisor.find(1)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    await supervisor.update({ ...supervisor.template, cmd: "sleep 61" });
    await waitFor(() => running(supervisor) === 2, "both restarted");
    expect(supervisor.processes.map(({ template }) => template.cmd)).toEqual(["sleep 61", "sleep 61"]);
  });
});

describe("with backoff, each slot waits on its own", () => {
  const backoff = { minMs: 60_000, maxMs: 60_000, factor: 1, jitter: 0, resetAfterMs: 10_000 };

  test("a process that ran for 1 s is replaced immediately, though another slot waits", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60", numprocesses: 2, backoff });
    supervisor.start();
    await supervisor.filled();
    supervisor.find(1)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    await waitFor(() => (supervisor.find(2)?.ranMs ?? 0) >= 1000, "a second");
    supervisor.find(2)?.signal(9);
    await waitFor(() => story().includes("spawn 3"), "its replacement");
    expect(supervisor.status()).toMatchObject({ state: "backoff", running: 1 });
    expect(slots(supervisor).toSorted()).toEqual([1]);
  });

  test("while a slot waits, a process that was stopped by request is replaced, and processes are added", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 2, backoff });
    supervisor.start();
    await supervisor.filled();
    supervisor.find(1)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    const [second] = supervisor.processes;
    if (second) await supervisor.stopProcess(second);
    await waitFor(() => ids(supervisor)[0] === 3, "the replacement");
    await supervisor.scale(1);
    expect(slots(supervisor).toSorted()).toEqual([1, 2]);
    expect(supervisor.status()).toMatchObject({ state: "backoff", running: 2, numprocesses: 3 });
  });

  test("scaling down removes a slot that waits before one that runs", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60", numprocesses: 2, backoff });
    supervisor.start();
    await supervisor.filled();
    supervisor.find(1)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    await supervisor.scale(-1);
    expect(supervisor.status()).toMatchObject({ state: "running", running: 1, nextRetryAtMs: undefined });
    expect(story().filter((event) => event.startsWith("reap"))).toEqual([]);
  });

  test("flapping ends the wait of a slot and stops the others", async () => {
    const flapping = { attempts: 2, windowMs: 10_000, retryInMs: 60_000, maxRetries: 1 };
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 3, backoff, flapping });
    supervisor.start();
    await supervisor.filled();
    supervisor.find(1)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the backoff");
    supervisor.find(2)?.signal(9);
    await waitFor(() => supervisor.status().flapping && supervisor.processes.length === 0, "the flapping");
    expect(supervisor.status()).toMatchObject({ state: "backoff", running: 0 });
  });

  test("a stop ends all waits", async () => {
    const { supervisor } = host({ cmd: "false", numprocesses: 3, backoff });
    supervisor.start();
    await waitFor(() => supervisor.exits.length === 3, "their exits");
    await supervisor.stop();
    expect(supervisor.status()).toMatchObject({ state: "stopped", nextRetryAtMs: undefined });
  });
});

describe("slots", () => {
  test("are numbered from 0, and kept when a process is replaced", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 3 });
    supervisor.start();
    await supervisor.filled();
    expect(slots(supervisor)).toEqual([0, 1, 2]);
    supervisor.find(2)?.signal(9);
    await waitFor(() => slotOf(supervisor, 4) !== undefined, "the replacement of a crash");
    expect(slotOf(supervisor, 4)).toBe(1);
    const [first] = supervisor.processes;
    if (first) await supervisor.stopProcess(first);
    await waitFor(() => slotOf(supervisor, 5) !== undefined, "the replacement of a stop");
    expect(slotOf(supervisor, 5)).toBe(0);
    await supervisor.restart({ spawnFirst: false });
    expect(slots(supervisor).toSorted()).toEqual([0, 1, 2]);
  });

  test("with `spawnFirst` the new process takes the lowest slot that the old ones do not use", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 2 });
    supervisor.start();
    await supervisor.filled();
    await supervisor.restart({ spawnFirst: true });
    expect(slots(supervisor)).toEqual([2, 0]);
  });

  test("with the highest numbers are removed first, and come back", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 3 });
    supervisor.start();
    await supervisor.filled();
    supervisor.find(1)?.signal(9);
    await waitFor(() => slotOf(supervisor, 4) === 0, "the replacement");
    await supervisor.scale(-1);
    expect(slots(supervisor).toSorted()).toEqual([0, 1]);
    await supervisor.scale(2);
    expect(slots(supervisor).toSorted()).toEqual([0, 1, 2, 3]);
  });

  test("whose process is not restarted stay empty until a start", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 2, restart: "never" });
    supervisor.start();
    await supervisor.filled();
    supervisor.find(1)?.signal(9);
    await waitFor(() => running(supervisor) === 1, "its end");
    await supervisor.scale(1);
    expect(slots(supervisor)).toEqual([1, 2]);
    supervisor.start();
    await supervisor.filled();
    expect(slots(supervisor).toSorted()).toEqual([0, 1, 2]);
  });

  test("and ports are in the environment of the processes", async () => {
    const { supervisor } = host({
      cmd: "sh -c 'echo \"$GAFFER_SLOT $PORT\"; exec sleep 60'",
      numprocesses: 2,
      port: 5100,
      redirectOutput: ["out"],
    });
    supervisor.start();
    await supervisor.filled();
    for (const process of supervisor.processes) {
      const ring = process.rings.get("out");
      await waitFor(() => (ring?.head ?? 0) > 0, "its line");
      expect(Buffer.from(ring?.copy(0, ring.head) ?? []).toString()).toBe(`${process.slot} ${process.port}\n`);
    }
    expect(supervisor.processes.map(({ port }) => port)).toEqual([5100, 5101]);
  });
});

describe("the status has the reason why a template does not run", () => {
  test("before its start, after a stop, and after all processes have exited", async () => {
    const { supervisor } = host({ cmd: "true", restart: "on-failure" });
    expect(supervisor.status().reason).toBe("it has not been started");
    supervisor.start();
    expect(supervisor.status().reason).toBeUndefined();
    await waitFor(() => supervisor.status().state === "exited", "the end");
    expect(supervisor.status().reason).toMatch(
      /^process 1 exited with status 0 after [\d.]+ s and is not restarted \(`restart = on-failure`\)$/,
    );
    await supervisor.stop();
    expect(supervisor.status().reason).toBe("it was stopped");
  });

  test("when one of several processes is not restarted, and the others keep running", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 2, restart: "never" });
    supervisor.start();
    await waitFor(() => supervisor.status().state === "running", "both");
    expect(supervisor.status().reason).toBeUndefined();
    supervisor.processes[0]?.signal(15);
    await waitFor(() => running(supervisor) === 1, "the end of one");
    expect(supervisor.status()).toMatchObject({ state: "running", numprocesses: 2, running: 1 });
    expect(supervisor.status().reason).toMatch(
      /^process 1 was killed by SIGTERM after [\d.]+ s and is not restarted \(`restart = never`\)$/,
    );
  });
});

describe("the owner is notified when a template is given up", () => {
  test("once, if it flapped too often", async () => {
    const flapping = { attempts: 1, windowMs: 1000, retryInMs: 1, maxRetries: 0 };
    const { supervisor, givenUp } = host({ cmd: "false", flapping });
    supervisor.start();
    await waitFor(() => supervisor.status().state === "fatal", "giving up");
    expect(givenUp).toEqual(["`sample` exited once within 1 s and was given up; start it to try again"]);
  });

  test("if it cannot be spawned", () => {
    const { supervisor, givenUp } = host({ cmd: "/no/such/program" });
    expect(() => supervisor.start()).toThrow("/no/such/program");
    expect(givenUp).toEqual([supervisor.status().reason ?? ""]);
  });
});

describe("stop", () => {
  test("resolves when nothing is left, including grandchildren", async () => {
    const { supervisor, story } = host({
      cmd: fixtureCommand("fork-child.sh"),
      redirectOutput: ["out"],
      gracefulTimeoutMs: 200,
    });
    supervisor.start();
    const [process] = supervisor.processes;
    const ring = process?.rings.get("out");
    await waitFor(() => (ring?.head ?? 0) > 0, "the grandchild's id");
    await supervisor.stop();
    expect(supervisor.status()).toMatchObject({ state: "stopped", running: 0, stopped: true });
    expect(lives(process?.osPid ?? 0)).toBe(false);
    expect(story().filter((event) => event !== "spawn 1")).toEqual(["start", "stop", "stop_pid 1", "exit 1"]);
  });

  test("a process that ignores the stop signal is killed after the graceful timeout", async () => {
    const { supervisor } = host({
      cmd: fixtureCommand("ignore-sigterm.sh"),
      redirectOutput: ["out"],
      gracefulTimeoutMs: 100,
    });
    supervisor.start();
    await waitFor(() => (supervisor.processes[0]?.rings.get("out")?.head ?? 0) > 0, "its trap");
    await supervisor.stop();
    expect(supervisor.exits[0]?.exit?.status).toEqual({ signal: "SIGKILL" });
  });

  test("a start during a stop waits until the old process is gone", async () => {
    const { supervisor } = host({
      cmd: fixtureCommand("ignore-sigterm.sh"),
      redirectOutput: ["out"],
      gracefulTimeoutMs: 150,
    });
    supervisor.start();
    await waitFor(() => (supervisor.processes[0]?.rings.get("out")?.head ?? 0) > 0, "its trap");
    void supervisor.stop();
    supervisor.start();
    expect(supervisor.status()).toMatchObject({ state: "starting", running: 0 });
    await waitFor(() => running(supervisor) === 1, "the next process");
    expect(supervisor.exits[0]?.exit?.status).toEqual({ signal: "SIGKILL" });
    expect(ids(supervisor)).toEqual([2]);
  });

  test("a second stop joins the first, and stopping a stopped template changes nothing", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60" });
    supervisor.start();
    await Promise.all([supervisor.stop(), supervisor.stop()]);
    await supervisor.stop();
    expect(story().filter((event) => event === "exit 1")).toHaveLength(1);
    expect(supervisor.status().state).toBe("stopped");
  });

  test("detached processes are left alone, and are not started twice", async () => {
    const { supervisor } = host({ cmd: "sleep 60", detach: true });
    supervisor.start();
    const [process] = supervisor.processes;
    await supervisor.stop();
    expect(supervisor.status().state).toBe("stopped");
    expect(lives(process?.osPid ?? 0)).toBe(true);
    supervisor.start();
    expect(ids(supervisor)).toEqual([1]);
    await supervisor.stop();
    if (process) await supervisor.stopProcess(process);
    expect(lives(process?.osPid ?? 0)).toBe(false);
  });

  test("processes that a process leaves behind when it exits are stopped", async () => {
    const { supervisor } = host({ cmd: fixtureCommand("leave-child.sh"), redirectOutput: ["out"], restart: "never" });
    supervisor.start();
    const ring = supervisor.processes[0]?.rings.get("out");
    await waitFor(() => supervisor.status().state === "exited" && ring?.ended, "the end");
    const child = Number(Buffer.from(ring?.copy(0, ring.head) ?? []).toString());
    expect(child).toBeGreaterThan(1);
    await waitFor(() => !lives(child), "the end of the child left behind");
  });
});

describe("scaling", () => {
  test("up spawns processes, down stops the newest, and never goes below 0", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60" });
    supervisor.start();
    expect(await supervisor.scale(2)).toBe(3);
    expect(ids(supervisor)).toEqual([1, 2, 3]);
    expect(await supervisor.scale(-1)).toBe(2);
    expect(ids(supervisor)).toEqual([1, 2]);
    expect(await supervisor.scale(-10)).toBe(0);
    expect(supervisor.processes).toEqual([]);
    expect(supervisor.status()).toMatchObject({ state: "running", numprocesses: 0 });
    expect(supervisor.template.numprocesses).toBe(0);
    expect(story().filter((event) => event.startsWith("reap"))).toEqual(["reap 3", "reap 1", "reap 2"]);
  });

  test("a stopped template uses the new number at its next start", async () => {
    const { supervisor } = host({ cmd: "sleep 60" });
    await supervisor.scale(1);
    expect(running(supervisor)).toBe(0);
    supervisor.start();
    await supervisor.filled();
    expect(running(supervisor)).toBe(2);
  });
});

describe("restart and update", () => {
  test("a rolling restart replaces one at a time", async () => {
    const { supervisor, bus } = host({ cmd: "sleep 60", numprocesses: 3 });
    supervisor.start();
    await supervisor.filled();
    const counts: number[] = [];
    bus.subscribe((event) => event.type === "spawn" && counts.push(supervisor.processes.length));
    await supervisor.restart({ spawnFirst: false });
    expect(ids(supervisor)).toEqual([4, 5, 6]);
    expect(counts).toEqual([3, 3, 3]);
  });

  test("with `spawnFirst` the new one comes first", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60", numprocesses: 2 });
    supervisor.start();
    await supervisor.filled();
    await supervisor.restart({ spawnFirst: true });
    expect(ids(supervisor)).toEqual([3, 4]);
    const since = story().slice(story().indexOf("restart"));
    expect(since.filter((event) => event !== "restart")).toEqual([
      "spawn 3",
      "stop_pid 1",
      "exit 1",
      "spawn 4",
      "stop_pid 2",
      "exit 2",
    ]);
  });

  test("a restart starts a stopped template", async () => {
    const { supervisor } = host({ cmd: "sleep 60" });
    await supervisor.restart({ spawnFirst: false });
    expect(running(supervisor)).toBe(1);
  });

  test("a stop ends a rolling restart", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 5 });
    supervisor.start();
    await supervisor.filled();
    const restarted = supervisor.restart({ spawnFirst: false });
    await supervisor.stop();
    await restarted;
    expect(supervisor.status()).toMatchObject({ state: "stopped", running: 0 });
  });

  test("an update replaces the running processes with the new settings", async () => {
    const { supervisor } = host({ cmd: "sleep 60", numprocesses: 3 });
    supervisor.start();
    await supervisor.filled();
    await supervisor.update(sampleTemplate({ cmd: "sleep 61", numprocesses: 2 }));
    expect(supervisor.processes.map(({ template }) => template.cmd)).toEqual(["sleep 61", "sleep 61"]);
  });

  test("an update to a program that cannot be spawned changes nothing", async () => {
    const { supervisor, story } = host({ cmd: "sleep 60" });
    supervisor.start();
    expect(supervisor.update(sampleTemplate({ cmd: "/nowhere/program" }))).rejects.toThrow("/nowhere/program");
    expect(supervisor.template.cmd).toBe("sleep 60");
    expect(ids(supervisor)).toEqual([1]);
    expect(story()).not.toContain("update");
  });

  test("an update starts a template that was given up", async () => {
    const { supervisor } = host({ cmd: "/nowhere/program" });
    expect(() => supervisor.start()).toThrow("/nowhere/program");
    await supervisor.update(sampleTemplate({ cmd: "sleep 60" }));
    expect(supervisor.status()).toMatchObject({ state: "running", running: 1 });
  });
});

describe("with a backoff, a program that cannot be spawned is retried", () => {
  const backoff = { minMs: 20, maxMs: 60_000, factor: 1.5, jitter: 0, resetAfterMs: 60_000 };

  test("until it can be spawned, and a start request gets the error", async () => {
    const program = `/tmp/gafferd-test-${process.pid}-${Date.now()}`;
    const { supervisor, givenUp } = host({ cmd: `${program} 60`, backoff });
    expect(() => supervisor.start()).toThrow(`cannot start \`${program}\``);
    expect(supervisor.status()).toMatchObject({ state: "backoff", active: true, running: 0 });
    expect(supervisor.status().reason).toContain(`cannot start \`${program}\``);
    expect(supervisor.status().nextRetryAtMs).toBeGreaterThan(Date.now() - 1000);
    expect(() => supervisor.start()).toThrow(`cannot start \`${program}\``);
    symlinkSync("/bin/sleep", program);
    await waitFor(() => running(supervisor) === 1, "the next start");
    rmSync(program);
    expect(supervisor.status()).toMatchObject({ state: "running", reason: undefined, nextRetryAtMs: undefined });
    expect(givenUp).toEqual([]);
  });

  test("while the other processes keep running", async () => {
    const program = `/tmp/gafferd-test-${process.pid}-${Date.now()}`;
    symlinkSync("/bin/sleep", program);
    const { supervisor } = host({ cmd: `${program} 60`, numprocesses: 2, backoff: { ...backoff, minMs: 60_000 } });
    supervisor.start();
    await supervisor.filled();
    rmSync(program);
    await waitFor(() => (supervisor.find(1)?.ranMs ?? 0) >= 1000, "a second");
    supervisor.find(1)?.signal(9);
    await waitFor(() => supervisor.status().state === "backoff", "the failed start");
    expect(ids(supervisor)).toEqual([2]);
    expect(supervisor.status().reason).toContain("no such file");
  });

  test("until a stop", async () => {
    const { supervisor } = host({ cmd: "/no/such/program", backoff });
    expect(() => supervisor.start()).toThrow();
    await supervisor.stop();
    expect(supervisor.status()).toMatchObject({ state: "stopped", nextRetryAtMs: undefined });
  });
});

describe("a program that cannot be spawned", () => {
  test("fails immediately with the reason, and the template is fatal", () => {
    const { supervisor, story } = host({ cmd: "no-such-program-anywhere" });
    expect(() => supervisor.start()).toThrow("no-such-program-anywhere");
    expect(supervisor.status()).toMatchObject({ state: "fatal", active: false });
    expect(supervisor.status().reason).toContain("no-such-program-anywhere");
    expect(story()).not.toContain("spawn 1");
  });
});

test("a process that floods stops immediately, and keeps no more output than its buffer", async () => {
  const { supervisor } = host({ cmd: fixtureCommand("flood.sh"), redirectOutput: ["out"], outputBufferBytes: 65_536 });
  supervisor.start();
  const ring = supervisor.processes[0]?.rings.get("out");
  await waitFor(() => (ring?.head ?? 0) > 100_000_000, "the flood");
  expect((ring?.head ?? 0) - (ring?.oldest ?? 0)).toBe(65_536);
  await supervisor.stop();
  expect(supervisor.exits[0]?.exit?.status).toEqual({ signal: "SIGTERM" });
});

test("a process that closes its outputs early keeps running, and its output has ended", async () => {
  const { supervisor } = host({ cmd: fixtureCommand("close-outputs.sh"), redirectOutput: ["out"], restart: "never" });
  supervisor.start();
  const [process] = supervisor.processes;
  await waitFor(() => process?.rings.get("out")?.ended, "the end of its output");
  expect(supervisor.status().running).toBe(1);
  expect(process?.outputEnded).toBe(false);
  process?.signal(10);
  await waitFor(() => process?.outputEnded, "its exit");
  expect(process?.exit?.status).toEqual({ exitCode: 7 });
});

test("10,000 short processes, at most 200 at once, leave no fd, zombie, listener, process or memory", async () => {
  const fdsBefore = openFds();
  Bun.gc(true);
  const rssBefore = process.memoryUsage.rss();
  const { supervisor, bus, events } = host({ cmd: "true", numprocesses: 200, redirectOutput: ["out", "err"] });
  let exits = 0;
  let most = 0;
  const ended = new Promise<void>((resolve) => {
    bus.subscribe((event) => {
      events.length = 0;
      if (event.type === "spawn") most = Math.max(most, supervisor.processes.length);
      if (event.type === "exit" && ++exits === 10_000) resolve();
    });
  });
  supervisor.start();
  await ended;
  await supervisor.stop();
  expect(most).toBeLessThanOrEqual(200);
  expect(supervisor.processes).toEqual([]);
  // Those of an earlier test may have been closed since.
  await waitFor(() => openFds() <= fdsBefore, "the descriptors' return");
  expect(zombies()).toBe(0);
  const grownMb = () => {
    Bun.gc(true);
    return (process.memoryUsage.rss() - rssBefore) / 2 ** 20;
  };
  await waitFor(() => grownMb() < 40, "the memory's return");
}, 240_000);
