import { describe, expect, test } from "bun:test";
import type { Process } from "../../../src/process/process.ts";
import type { KillMode, ProcessTemplate } from "../../../src/template/template.ts";
import { recordLog } from "../../recorded-log.ts";
import { waitFor } from "../../wait-for.ts";
import { lives, readLine, readText } from "../observe.ts";
import { fixtureCommand, sampleTemplate } from "../sample-template.ts";
import { startProcess } from "../start-process.ts";

/** A parent with a worker; each prints the signals that it gets. The parent exits when the worker has done its job. */
function startPair(overrides: Partial<ProcessTemplate>): Process {
  // Without stderr, on which a shell reports that a signal ended its `sleep`.
  return startProcess(
    sampleTemplate({ cmd: fixtureCommand("parent-and-worker.sh"), redirectOutput: ["out"], ...overrides }),
  );
}

/** Resolves when both have set their traps. */
async function ready(process: Process): Promise<number> {
  return Number(await readLine(process.outputs[0]));
}

const modes: readonly KillMode[] = ["mixed", "group", "process"];

describe("signal", () => {
  test.each(modes)("goes only to the process with `kill_mode = %s`", async (killMode) => {
    const process = startPair({ killMode });
    await ready(process);
    process.signal(1);
    expect(await readText(process.outputs[0])).toBe("parent got HUP\nworker is done\nparent is done\n");
  });

  test.each(modes)("goes to the group with `group` and `kill_mode = %s`", async (killMode) => {
    const process = startPair({ killMode });
    await ready(process);
    process.signal(1, { group: true });
    // The shell prints `Hangup` if the signal ends one of its `sleep`s, which are in the group too.
    const lines = (await readText(process.outputs[0])).split("\n").filter((line) => line !== "Hangup");
    expect(lines.toSorted()).toEqual(["", "parent got HUP", "parent is done", "worker got HUP", "worker is done"]);
  });
});

describe("a stop", () => {
  test("with `mixed` goes only to the process, so that its worker can finish its job", async () => {
    const process = startPair({ killMode: "mixed" });
    await ready(process);
    expect(await process.stop()).toEqual([]);
    expect(await readText(process.outputs[0])).toBe("parent got TERM\nworker is done\nparent is done\n");
    expect((await process.exited).status).toEqual({ exitCode: 0 });
  });

  test("with `group` goes to the whole group at once", async () => {
    const process = startPair({ killMode: "group" });
    await ready(process);
    await process.stop();
    expect(await readText(process.outputs[0])).toContain("worker got TERM");
  });

  test("with `mixed` sends the stop signal to the remaining processes after the process has exited", async () => {
    const cmd = "(trap 'echo child got USR1; exit' USR1; echo ready; while :; do sleep 0.02; done) & wait";
    const process = startProcess(
      sampleTemplate({ cmd, shell: true, redirectOutput: ["out"], stopSignal: "SIGUSR1", gracefulTimeoutMs: 60_000 }),
    );
    expect(await readLine(process.outputs[0])).toBe("ready");
    await process.stop();
    expect((await process.exited).status).toEqual({ signal: "SIGUSR1" });
    expect(await readText(process.outputs[0])).toBe("child got USR1\n");
  });

  test("with `mixed` sends SIGKILL to all after the graceful timeout, and logs their names", async () => {
    const { log, logged } = recordLog();
    const cmd = "trap '' TERM; (trap '' TERM; sleep 600) & echo $!; while :; do sleep 0.02; done";
    const process = startProcess(
      sampleTemplate({ cmd, shell: true, redirectOutput: ["out"], gracefulTimeoutMs: 200 }),
      log,
    );
    const child = Number(await readLine(process.outputs[0]));
    await process.stop();
    expect((await process.exited).status).toEqual({ signal: "SIGKILL" });
    expect(lives(child)).toBe(false);
    const [{ line = "" } = {}] = logged;
    expect(line).toStartWith("warn sample: ");
    expect(line).toContain(`(${process.osPid}, state `);
    expect(line).toContain(`(${child}, state `);
    expect(line).toEndWith(" still running 0.2 s after SIGTERM; sending SIGKILL");
  });

  test("with `mixed` applies one graceful timeout to the process and the processes that it leaves", async () => {
    const cmd = "trap 'sleep 0.2; exit' TERM; (trap '' TERM; sleep 600) & echo $!; while :; do sleep 0.02; done";
    const process = startProcess(sampleTemplate({ cmd, shell: true, redirectOutput: ["out"], gracefulTimeoutMs: 400 }));
    const child = Number(await readLine(process.outputs[0]));
    const startMs = performance.now();
    await process.stop();
    expect(performance.now() - startMs).toBeGreaterThan(399);
    expect((await process.exited).status).toEqual({ exitCode: 0 });
    expect(lives(child)).toBe(false);
  });

  test("continues a suspended process, in every mode", async () => {
    for (const killMode of modes) {
      const process = startPair({ killMode });
      await ready(process);
      process.signal(19);
      await process.stop();
      expect((await process.exited).status).toEqual({ exitCode: 0 });
    }
  });

  test("with `process` does not stop children, even if the process has to be killed", async () => {
    const cmd = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 0.02; done";
    const process = startProcess(
      sampleTemplate({ cmd, shell: true, redirectOutput: ["out"], killMode: "process", gracefulTimeoutMs: 100 }),
    );
    const child = Number(await readLine(process.outputs[0]));
    expect(await process.stop()).toEqual([]);
    expect((await process.exited).status).toEqual({ signal: "SIGKILL" });
    expect(lives(child)).toBe(true);
    globalThis.process.kill(child, "SIGKILL");
  });
});

describe("the children of a process that exits by itself", () => {
  test.each(["mixed", "group"] as const)("are stopped and logged with `%s`", async (killMode) => {
    const { log, logged } = recordLog();
    const process = startProcess(
      sampleTemplate({ cmd: fixtureCommand("leave-child.sh"), redirectOutput: ["out"], killMode }),
      log,
    );
    const child = Number(await readLine(process.outputs[0]));
    await process.exited;
    await process.stop();
    expect(lives(child)).toBe(false);
    // Before its exec, it has the name of its parent.
    const lines = logged.map(({ line }) => line.replace(/(sh|sleep) \((\d+), state \w\)/, "NAME ($2)"));
    expect(lines).toEqual([
      `warn sample: process ${process.osPid} exited and left NAME (${child}) running; stopping it`,
    ]);
  });

  test("keep running with `process`", async () => {
    const { log, logged } = recordLog();
    const process = startProcess(
      sampleTemplate({ cmd: fixtureCommand("leave-child.sh"), redirectOutput: ["out"], killMode: "process" }),
      log,
    );
    const child = Number(await readLine(process.outputs[0]));
    await process.exited;
    await process.stop();
    expect(lives(child)).toBe(true);
    expect(logged).toEqual([]);
    globalThis.process.kill(child, "SIGKILL");
    await waitFor(() => !lives(child), "its end");
  });

  test("are not logged if there are none", async () => {
    const { log, logged } = recordLog();
    const process = startProcess(sampleTemplate(), log);
    await process.exited;
    await process.stop();
    expect(logged).toEqual([]);
  });
});
