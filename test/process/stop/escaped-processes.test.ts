import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "../../../src/client/client.ts";
import { osPids as allOsPids, procStatOf } from "../../../src/process/proc-stat.ts";
import { EscapedProcesses } from "../../../src/process/stop/escaped-processes.ts";
import { waitFor } from "../../wait-for.ts";
import { withoutCgroups } from "../cgroups.ts";
import { startHosted } from "../hosted.ts";
import { lives } from "../observe.ts";
import { fixtureCommand } from "../sample-template.ts";

const sessionChain = join(import.meta.dir, "../../fixtures/session-chain.pl");
const firstThreadEnds = join(import.meta.dir, "../../fixtures/first-thread-ends.py");
const python = (...words: string[]) =>
  `python3 ${join(import.meta.dir, "../../fixtures/escape.py")} ${words.join(" ")}`;

describe("processes that have left the process group are stopped", () => {
  test.each([
    ["a stop of the template", "POST", (name: string) => `/processes/${name}/_stop`],
    ["a deletion", "DELETE", (name: string) => `/processes/${name}`],
    ["a stop of the process", "DELETE", (...[, pid]: [string, number]) => `/processes/${pid}`],
    ["a restart", "POST", (name: string) => `/processes/${name}/_restart`],
    ["fewer wanted", "POST", (name: string) => `/processes/${name}/_sub/1`],
  ])("on %s", async (_, method, path) => {
    await using hosted = await startHosted();
    const pid = await hosted.create({ name: "a", cmd: fixtureCommand("escape.sh"), graceful_timeout: 0.2 });
    const escaped = await hosted.numbers(pid, 3);
    expect(escaped.map(lives)).toEqual([true, true, true]);
    expect(await hosted.ask(method, path("a", pid))).toMatchObject({ ok: true });
    expect(escaped.map(lives)).toEqual([false, false, false]);
  });

  test("on the stop of gafferd", async () => {
    await using hosted = await startHosted();
    const pid = await hosted.create({ name: "a", cmd: fixtureCommand("escape.sh"), graceful_timeout: 0.2 });
    const escaped = await hosted.numbers(pid, 3);
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(escaped.map(lives)).toEqual([false, false, false]);
  });

  test("when the leader crashes, and if the process is a proper daemon", async () => {
    await using hosted = await startHosted();
    const pid = await hosted.create({ name: "a", cmd: python("exit"), restart: "never" });
    const [daemon = 0] = await hosted.numbers(pid, 1);
    await waitFor(() => !lives(daemon), "the end of the daemon");
    await using other = await startHosted();
    const [second = 0] = await other.numbers(await other.create({ name: "b", cmd: python() }), 1);
    expect(lives(second)).toBe(true);
    await other.ask("POST", "/processes/b/_stop");
    expect(lives(second)).toBe(false);
  });

  test("by the stop signal first, so that they can clean up", async () => {
    await using hosted = await startHosted();
    const osPid = `trap "echo bye; exit" USR1; echo \\$\\$; while :; do sleep 0.05; done`;
    const cmd = `sh -c 'setsid sh -c "${osPid.replaceAll('"', '\\"')}" & exec sleep 600'`;
    const pid = await hosted.create({ name: "a", cmd, stop_signal: "USR1" });
    await hosted.numbers(pid, 1);
    await hosted.ask("POST", "/processes/a/_stop");
    expect(await (await fetch(`${hosted.gafferd.url}/streams/${pid}/out`)).text()).toContain("bye");
  });
});

describe.each([
  ["where cgroups are writable", {}],
  ["without cgroups", withoutCgroups],
])("%s, a process that leaves its group after its leader has ended", (_, env) => {
  // Unique in the command lines of this machine.
  const word = `7${process.pid}.${Date.now() % 100000}`;
  const livingCount = () => commandLines().filter((line) => line.includes(word)).length;
  const leaves = `(sleep 0.3; exec setsid sleep ${word}) & exit 0`;

  test.each([
    ["ignores TERM", { cmd: `sh -c "trap '' TERM; ${leaves}"` }],
    ["is asked with INT", { cmd: `sh -c "trap '' INT; ${leaves}"`, stop_signal: "INT" }],
    ["is asked with HUP", { cmd: `nohup sh -c "${leaves}"`, stop_signal: "HUP" }],
  ])("and %s is gone when the template is deleted", async (_case, template) => {
    await using hosted = await startHosted({ env });
    // Its leader exits at once: there may be no process to wait for.
    await createClient(hosted.gafferd.url).create({ name: "p", restart: "never", graceful_timeout: 1, ...template });
    expect(await hosted.ask("DELETE", "/processes/p")).toMatchObject({ ok: true });
    // Longer than it takes to leave the group.
    await Bun.sleep(500);
    expect(livingCount()).toBe(0);
  });

  test("and makes a session every few milliseconds is gone when the template is deleted", async () => {
    await using hosted = await startHosted({ env });
    const cmd = `perl ${sessionChain} 3 ${word}`;
    // Its leader exits at once: there may be no process to wait for.
    await createClient(hosted.gafferd.url).create({ name: "p", restart: "never", graceful_timeout: 0.1, cmd });
    expect(await hosted.ask("DELETE", "/processes/p")).toMatchObject({ ok: true });
    expect(livingCount()).toBe(0);
  });

  test.each(["exit", "stay"])(
    "and whose first thread has ended is gone when the template is deleted (%s)",
    async (leader) => {
      await using hosted = await startHosted({ env });
      const cmd = `python3 ${firstThreadEnds} ${leader}`;
      const pid = await hosted.create({ name: "p", restart: "never", graceful_timeout: 0.1, cmd });
      const [osPid = 0] = await hosted.numbers(pid, 1);
      await waitFor(() => procStatOf(osPid)?.state === "Z", "the end of its first thread");
      expect(await hosted.ask("DELETE", "/processes/p")).toMatchObject({ ok: true });
      await waitFor(() => procStatOf(osPid) === undefined, "the end of the process", 1000);
    },
  );
});

describe("no process is running", () => {
  const settled = { byMarker: new Map(), bySession: new Map(), isSettled: true, hasUnclear: false };

  test("if a scan finds none", () => {
    const escaped = new EscapedProcesses({ select: () => [] });
    escaped.scan(settled);
    expect(escaped.areGone(settled)).toBe(true);
  });

  test("only after one more scan if a process ended during the last: it may have left a child", async () => {
    const ended = Bun.spawn(["true"]);
    await ended.exited;
    const found = [ended.pid];
    const escaped = new EscapedProcesses({ select: () => found });
    expect(escaped.scan(settled)).toBe(true);
    expect(escaped.areGone(settled)).toBe(false);
    found.pop();
    escaped.scan(settled);
    expect(escaped.areGone(settled)).toBe(true);
  });

  test("only after one more scan if a process that was known has ended", async () => {
    const ended = Bun.spawn(["sleep", "600"]);
    const found = [ended.pid];
    const escaped = new EscapedProcesses({ select: () => found });
    escaped.scan(settled);
    expect(escaped.osPids).toEqual([ended.pid]);
    found.pop();
    ended.kill();
    await ended.exited;
    escaped.scan(settled);
    expect(escaped.areGone(settled)).toBe(false);
    escaped.scan(settled);
    expect(escaped.areGone(settled)).toBe(true);
  });

  test("not as long as an orphan is ending or loads another program: its environment cannot be read", () => {
    const escaped = new EscapedProcesses({ select: () => [] });
    for (let scan = 0; scan < 20; scan++) escaped.scan({ ...settled, isSettled: false });
    expect(escaped.areGone({ ...settled, isSettled: false, hasUnclear: true })).toBe(false);
    expect(escaped.areGone({ ...settled, isSettled: false })).toBe(true);
  });
});

test("an orphan without a session or environment of gafferd is stopped and logged when gafferd stops, without cgroups", async () => {
  await using hosted = await startHosted({ env: withoutCgroups });
  const [daemon = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd: python("bare") }), 1);
  await waitFor(() => readFileSync(`/proc/${daemon}/comm`, "utf8") === "sleep\n", "its exec");
  await hosted.ask("DELETE", "/processes/a");
  expect(lives(daemon)).toBe(true);
  hosted.gafferd.kill("SIGTERM");
  expect(await hosted.gafferd.exited).toBe(0);
  expect(lives(daemon)).toBe(false);
  expect(hosted.gafferd.err()).toContain(
    `stopping orphaned processes that belong to no template: sleep (${daemon}, state S)`,
  );
});

test("a detached process and its descendants keep running", async () => {
  await using hosted = await startHosted();
  const file = join(hosted.stateDir, "../pids");
  const cmd = `sh -c '(setsid sleep 600 & echo $! >${file}); echo $$ >>${file}; exec sleep 600'`;
  await hosted.create({ name: "a", cmd, detach: true, redirect_output: [] });
  const osPids = await waitFor(async () => {
    const lines = (await Bun.file(file).exists()) ? (await Bun.file(file).text()).trim().split("\n") : [];
    return lines.length === 2 ? lines.map(Number) : undefined;
  }, "the pids");
  try {
    await hosted.ask("DELETE", "/processes/a");
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(osPids.map(lives)).toEqual([true, true]);
  } finally {
    for (const osPid of osPids) process.kill(osPid, "SIGKILL");
  }
});

describe("with `kill_mode = process` the children of a process keep running", () => {
  test("until gafferd stops, which stops and logs them", async () => {
    await using hosted = await startHosted();
    const pid = await hosted.create({ name: "a", cmd: fixtureCommand("escape.sh"), kill_mode: "process" });
    const escaped = await hosted.numbers(pid, 3);
    await hosted.ask("DELETE", "/processes/a");
    expect(escaped.map(lives)).toEqual([true, true, true]);
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(escaped.map(lives)).toEqual([false, false, false]);
    expect(hosted.gafferd.err()).toContain("stopping orphaned processes that belong to no template: ");
    for (const osPid of escaped) expect(hosted.gafferd.err()).toContain(`(${osPid}, state `);
  });

  test("even if the process has cleared its environment", async () => {
    await using hosted = await startHosted();
    const cmd = "sh -c 'env -i sleep 600 & echo $!; exec sleep 600'";
    const [left = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd, kill_mode: "process" }), 1);
    await hosted.ask("POST", "/processes/a/_stop");
    expect(lives(left)).toBe(true);
    // With a process that keeps running, gafferd must not stop orphans of unknown origin.
    const kept = await hosted.create({ name: "b", cmd: "sleep 600", on_host_exit: "keep", redirect_output: [] });
    expect(kept).toBe(2);
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(lives(left)).toBe(false);
  });

  test("after gafferd has stopped if the template has `on_host_exit = keep`", async () => {
    await using hosted = await startHosted();
    const file = join(hosted.stateDir, "../left");
    const cmd = `sh -c 'sleep 600 & echo $! >${file}; exec sleep 600'`;
    await hosted.create({ name: "a", cmd, kill_mode: "process", on_host_exit: "keep", redirect_output: [] });
    const left = await waitFor(async () => {
      return (await Bun.file(file).exists()) ? Number(await Bun.file(file).text()) : 0;
    }, "its child");
    try {
      hosted.gafferd.kill("SIGTERM");
      expect(await hosted.gafferd.exited).toBe(0);
      expect(lives(left)).toBe(true);
    } finally {
      process.kill(left, "SIGKILL");
    }
  });
});

function commandLines(): string[] {
  return allOsPids().map((osPid) => {
    try {
      return readFileSync(`/proc/${osPid}/cmdline`, "latin1");
    } catch {
      return ""; // Gone since.
    }
  });
}
