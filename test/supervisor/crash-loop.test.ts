import { describe, expect, test } from "bun:test";
import { CrashLoop, type FailedRun } from "../../src/supervisor/crash-loop.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { recordWarnings } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";
import { host, hostPerTest } from "./hosting.ts";

const failure: Omit<FailedRun, "times"> = {
  member: 0,
  who: "web[3]",
  what: "exited with status 1 after 0.01 s",
  next: "restarting in 0.4 s",
  isQuiet: false,
};

function createLoop(reminderMs?: number) {
  const { log, warnings } = recordWarnings();
  const stable: number[] = [];
  const loop = new CrashLoop({ log, name: "web", onStable: (slot) => stable.push(slot), reminderMs });
  const fail = (times: number, other: Partial<FailedRun> = {}) => loop.failed({ ...failure, times, ...other });
  return { loop, warnings, stable, fail };
}

describe("the log of failures", () => {
  test("has a line for each of the first two, one when the loop begins, and one when it ends", () => {
    const { loop, warnings, fail } = createLoop();
    for (let times = 1; times <= 14; times++) fail(times);
    expect(loop.times).toBe(14);
    expect(loop.reason).toBe("exited with status 1 after 0.01 s, 14 times in a row");
    loop.end("it was stopped");
    expect(warnings).toEqual([
      "web[3] exited with status 1 after 0.01 s; restarting in 0.4 s",
      "web[3] exited with status 1 after 0.01 s; restarting in 0.4 s",
      "web is in a crash loop: exited with status 1 after 0.01 s, 3 times in a row; restarting in 0.4 s",
      "web is no longer in a crash loop, after 14 exits in a row: it was stopped",
    ]);
    expect([loop.times, loop.reason]).toEqual([0, undefined]);
    loop.end("it was stopped");
    expect(warnings).toHaveLength(4);
  });

  test("repeats that a loop continues, with the current count", async () => {
    const { loop, warnings, fail } = createLoop(20);
    fail(3);
    fail(4);
    await waitFor(() => warnings.length >= 3, "two reminders");
    expect(warnings.slice(1, 3)).toEqual(
      Array(2).fill("web is still in a crash loop: exited with status 1 after 0.01 s, 4 times in a row"),
    );
    loop.end("it was stopped");
  });

  test("has no line for a successful exit, but has lines for a loop of them", () => {
    const { loop, warnings, fail } = createLoop();
    for (const times of [1, 2, 3]) fail(times, { what: "exited with status 0 after 0.002 s", isQuiet: true });
    loop.end("it was stopped");
    expect(warnings).toEqual([
      "web is in a crash loop: exited with status 0 after 0.002 s, 3 times in a row; restarting in 0.4 s",
      "web is no longer in a crash loop, after 3 exits in a row: it was stopped",
    ]);
  });

  test("reports one loop for all slots, until the last slot has left it", async () => {
    const { loop, warnings, stable, fail } = createLoop();
    for (const member of [0, 1, 2]) fail(3, { member });
    expect(warnings).toHaveLength(1);
    loop.spawned(0, 10);
    loop.spawned(1, 10);
    await waitFor(() => stable.length === 2, "two stable slots");
    expect(warnings).toHaveLength(1);
    loop.removed(2);
    expect(warnings.at(-1)).toBe("web is no longer in a crash loop, after 3 exits in a row: it was scaled down");
  });

  test("describes a slot that is still in the loop", () => {
    const { loop, fail } = createLoop();
    fail(9, { member: 0 });
    fail(3, { member: 1, what: "exited with status 2 after 1 s" });
    loop.removed(1);
    expect([loop.times, loop.reason]).toEqual([9, "exited with status 1 after 0.01 s, 9 times in a row"]);
    loop.end("it was stopped");
  });

  test("a process that exits again before it has run long enough stays in the loop", async () => {
    const { loop, warnings, stable, fail } = createLoop();
    fail(3);
    loop.spawned(0, 30);
    fail(4);
    loop.spawned(0, 30);
    await waitFor(() => stable.length > 0, "a process to run for 30 ms");
    expect(stable).toEqual([0]);
    expect(warnings.at(-1)).toBe(
      "web is no longer in a crash loop, after 4 exits in a row: its process has run for 0.03 s",
    );
  });

  test("a loop of failed starts ends when a process is started", () => {
    const { loop, warnings, fail } = createLoop();
    const missing = { member: "spawn", who: "web:", what: "cannot start `x`" } as const;
    for (const times of [1, 2, 3, 4]) fail(times, missing);
    loop.spawned(0, 10_000);
    expect(warnings).toEqual([
      "web: cannot start `x`; restarting in 0.4 s",
      "web: cannot start `x`; restarting in 0.4 s",
      "web is in a crash loop: cannot start `x`, 3 times in a row; restarting in 0.4 s",
      "web is no longer in a crash loop, after 4 failed starts in a row: a process was started",
    ]);
  });
});

describe("a crash loop of real processes", () => {
  const hostLoop = hostPerTest();

  function start(overrides: Partial<ProcessTemplate>, reminderMs?: number) {
    const { log, warnings } = recordWarnings();
    const { supervisor } = hostLoop(overrides, { log, ...(reminderMs !== undefined && { reminderMs }) });
    supervisor.start();
    return { supervisor, warnings };
  }

  const quick = { minMs: 10, maxMs: 20, factor: 2, jitter: 0, resetAfterMs: 10_000 };

  test("is state `backoff` with the reason and the time of the next start, and few lines", async () => {
    const { supervisor, warnings } = start({ cmd: "sh -c 'exit 1'", backoff: quick });
    await waitFor(() => supervisor.meter.spawns >= 14, "14 starts");
    await waitFor(() => supervisor.status().state === "backoff", "a delay");
    const { reason, nextRetryAtMs = 0, exitsInARow } = supervisor.status();
    expect(reason).toMatch(/^exited with status 1 after [\d.]+ s, \d+ times in a row$/);
    expect(nextRetryAtMs).toBeGreaterThan(Date.now() - 5000);
    expect(exitsInARow).toBeGreaterThanOrEqual(13);
    expect(warnings).toHaveLength(3);
    await supervisor.stop();
    expect(warnings).toHaveLength(4);
    expect(supervisor.status().exitsInARow).toBe(0);
  });

  test("is slow by default: a handful of starts in the first second", async () => {
    const backoff = { minMs: 100, maxMs: 30_000, factor: 2, jitter: 0.1, resetAfterMs: 10_000 };
    const { supervisor } = start({ cmd: "sh -c 'exit 1'", backoff });
    const startedMs = performance.now();
    await waitFor(() => supervisor.meter.spawns >= 4, "four starts");
    expect(performance.now() - startedMs).toBeGreaterThan(690);
  });

  test("without backoff restarts immediately, with the same few lines, the reason and the count", async () => {
    const { supervisor, warnings } = start({ cmd: "false" });
    await waitFor(() => supervisor.meter.spawns >= 50, "50 starts");
    expect(warnings).toHaveLength(3);
    expect(warnings[2]).toMatch(
      /^sample is in a crash loop: exited with status 1 after [\d.]+ s, 3 times in a row; restarting now$/,
    );
    await waitFor(() => supervisor.status().state === "running", "a process");
    expect(supervisor.status().reason).toMatch(/times in a row$/);
    expect(supervisor.status().exitsInARow).toBeGreaterThan(10);
  });

  test("ends when a process has run for `reset_after`; the reason is then cleared", async () => {
    const flag = `/tmp/gafferd-test-${process.pid}-${Date.now()}`;
    const cmd = `sh -c 'test -e ${flag} && exec sleep 60; exit 1'`;
    const { supervisor, warnings } = start({ cmd, backoff: { ...quick, resetAfterMs: 200 } });
    await waitFor(() => supervisor.status().exitsInARow >= 3, "the loop");
    await Bun.write(flag, "");
    await waitFor(() => supervisor.status().exitsInARow === 0, "its end");
    await Bun.file(flag).delete();
    expect(supervisor.status()).toMatchObject({ state: "running", reason: undefined });
    expect(warnings.at(-1)).toMatch(
      /^sample is no longer in a crash loop, after \d+ exits in a row: its process has run for 0.2 s$/,
    );
  });

  test("ends when the template is given up", async () => {
    const flapping = { attempts: 3, windowMs: 60_000, retryInMs: 10, maxRetries: 1 };
    const { supervisor, warnings } = start({ cmd: "false", flapping });
    await waitFor(() => supervisor.status().state === "fatal", "state fatal");
    expect(warnings.at(-1)).toMatch(/^sample is no longer in a crash loop, after 6 exits in a row: it was given up$/);
  });
});

test("requested exits and successful exits are not logged", async () => {
  const { log, warnings } = recordWarnings();
  const { supervisor } = host(
    { cmd: "sh -c 'trap \"exit 3\" TERM; echo; while :; do sleep 0.01; done'", redirectOutput: ["out"] },
    { log },
  );
  supervisor.start();
  await waitFor(() => (supervisor.processes[0]?.rings.get("out")?.head ?? 0) > 0, "its trap");
  await supervisor.stop();
  expect(supervisor.exits[0]?.exit?.status).toEqual({ exitCode: 3 });
  expect(warnings).toEqual([]);
});
