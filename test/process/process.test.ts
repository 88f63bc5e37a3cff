import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { procStatOf } from "../../src/process/proc-stat.ts";
import { startProcess } from "./start-process.ts";
import { waitFor } from "../wait-for.ts";
import { lives, readLine, readText } from "./observe.ts";
import { fixtureCommand, sampleTemplate } from "./sample-template.ts";

test.each([0, 3, 255])("exit code %d is reported unchanged", async (exitCode) => {
  const exit = await startProcess(sampleTemplate({ cmd: `exit ${exitCode}`, shell: true })).exited;
  expect(exit.status).toEqual({ exitCode });
});

test.each([
  ["SEGV", "SIGSEGV"],
  ["KILL", "SIGKILL"],
  ["35", "SIGRTMIN+1"],
])("an exit by signal %s has the name of the signal", async (signal, name) => {
  const { exited } = startProcess(sampleTemplate({ cmd: `kill -${signal} $$`, shell: true }));
  expect((await exited).status).toEqual({ signal: name });
});

test("an exit has its time and the CPU time of the process", async () => {
  const before = Date.now();
  const process = startProcess(
    sampleTemplate({ cmd: "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done", shell: true }),
  );
  const exit = await process.exited;
  expect(process.startedAtMs).toBeWithin(before, exit.exitedAtMs + 1);
  expect(exit.exitedAtMs).toBeWithin(process.startedAtMs, Date.now() + 1);
  expect(exit.cpuMs).toBeWithin(5, 5000);
});

test("a memory peak above gafferd's own is reported", async () => {
  // Until its exec, a child shares gafferd's memory, and gafferd's peak counts as the child's.
  const megabytes = Math.ceil(process.resourceUsage().maxRSS / 1024) + 200;
  const large = startProcess(sampleTemplate({ cmd: `dd if=/dev/zero of=/dev/null bs=${megabytes}M count=1` }));
  const { maxRssBytes = 0 } = await large.exited;
  expect(maxRssBytes).toBeWithin(megabytes * 2 ** 20, (megabytes + 50) * 2 ** 20);
});

describe("a memory peak below gafferd's own", () => {
  // It briefly holds two times 8 MB, then far less.
  const cmd = "perl -e '$x = \"x\" x 8_000_000; undef $x; sleep 600'";

  test("is reported for a process that was stopped", async () => {
    expect(process.resourceUsage().maxRSS * 1024).toBeGreaterThan(36_000_000);
    const stopped = startProcess(sampleTemplate({ cmd }));
    await waitFor(() => peakOf(stopped.osPid) > 14_000_000, "its peak");
    await stopped.stop();
    expect((await stopped.exited).maxRssBytes).toBeWithin(14_000_000, 35_000_000);
  });

  test("is reported for a process that exits by itself, or by a signal of another program", async () => {
    const exiting = startProcess(sampleTemplate({ cmd: cmd.replace("sleep 600", "<STDIN>"), redirectInput: true }));
    const killed = startProcess(sampleTemplate({ cmd }));
    await waitFor(() => [exiting, killed].every(({ osPid }) => peakOf(osPid) > 14_000_000), "their peaks");
    // They are read again when their age has doubled.
    await Bun.sleep(2 * (Date.now() - exiting.startedAtMs) + 500);
    exiting.stdin?.close();
    process.kill(killed.osPid, "SIGKILL");
    for (const { exited } of [exiting, killed]) {
      expect((await exited).maxRssBytes).toBeWithin(14_000_000, 35_000_000);
    }
  });

  test("is absent for a process that exited before the first reading", async () => {
    expect(await startProcess(sampleTemplate()).exited).not.toHaveProperty("maxRssBytes");
  });
});

/** The current value from the kernel. */
function peakOf(osPid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${osPid}/status`, "latin1"))?.[1]) * 1024;
}

test("a process leads its own session and group", async () => {
  const process = startProcess(sampleTemplate({ cmd: "sleep 60" }));
  expect(procStatOf(process.osPid)).toMatchObject({ groupId: process.osPid, sessionId: process.osPid });
  process.kill();
  await process.exited;
});

test("the process gets its arguments, directory and environment unchanged", async () => {
  const process = startProcess(
    sampleTemplate({
      cmd: `sh -c 'printf "%s|" "$0" "$@" "$PWD" "$COLOUR" "$HOME"' name 'a b'`,
      args: ["$COLOUR", ""],
      cwd: "/usr",
      env: { COLOUR: "blue green" },
      osEnv: false,
      redirectOutput: ["out"],
    }),
  );
  expect(await readText(process.outputs[0])).toBe("name|a b|blue green||/usr|blue green||");
});

const pwdOf = async (overrides: object) => {
  const process = startProcess(sampleTemplate({ cmd: "env", cwd: "/usr", redirectOutput: ["out"], ...overrides }));
  return (await readText(process.outputs[0])).split("\n").filter((line) => line.startsWith("PWD="));
};

test("PWD is the working directory, not gafferd's, unless `env` says otherwise", async () => {
  expect(await pwdOf({})).toEqual(["PWD=/usr"]);
  expect(await pwdOf({ osEnv: false })).toEqual(["PWD=/usr"]);
  expect(await pwdOf({ env: { PWD: "/elsewhere" } })).toEqual(["PWD=/elsewhere"]);
  expect(await pwdOf({ cwd: "$FOLDER/lib", env: { FOLDER: "/usr" } })).toEqual(["PWD=/usr/lib"]);
  const echo = startProcess(sampleTemplate({ cmd: "echo $PWD", cwd: "/usr", redirectOutput: ["out"] }));
  expect(await readText(echo.outputs[0])).toBe("/usr\n");
});

test("the program sees its name as in the template", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: 'sh -c \'tr "\\0" " " </proc/$$/cmdline\'', redirectOutput: ["out"] }),
  );
  expect(await readText(process.outputs[0])).toStartWith("sh -c");
});

test("without redirects all three are /dev/null", async () => {
  const process = startProcess(sampleTemplate({ cmd: "sleep 60" }));
  expect(process.outputs).toEqual([]);
  expect(process.stdin).toBeUndefined();
  const targets = [0, 1, 2].map((fd) =>
    Bun.spawnSync(["readlink", `/proc/${process.osPid}/fd/${fd}`]).stdout.toString(),
  );
  expect(targets).toEqual(["/dev/null\n", "/dev/null\n", "/dev/null\n"]);
  await process.stop();
});

test("a process that closes its outputs keeps running", async () => {
  const process = startProcess(sampleTemplate({ cmd: fixtureCommand("close-outputs.sh"), redirectOutput: ["a", "b"] }));
  expect(await readText(process.outputs[0])).toBe("last\n");
  expect(await readText(process.outputs[1])).toBe("");
  expect(lives(process.osPid)).toBe(true);
  process.signal(10);
  expect((await process.exited).status).toEqual({ exitCode: 7 });
});

test("a real-time signal is delivered", async () => {
  const process = startProcess(sampleTemplate({ cmd: "sleep 60" }));
  process.signal(40);
  expect((await process.exited).status).toEqual({ signal: "SIGRTMIN+6" });
});

test("signals, kill and stop after the exit do nothing", async () => {
  const process = startProcess(sampleTemplate());
  await process.emptied;
  process.signal(15);
  process.kill();
  await process.stop();
  expect((await process.exited).status).toEqual({ exitCode: 0 });
});

test("a detached process has no pipes and can still be stopped", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: "sleep 60", detach: true, redirectOutput: ["out"], redirectInput: true }),
  );
  expect(process.outputs).toEqual([]);
  expect(process.stdin).toBeUndefined();
  expect(procStatOf(process.osPid)?.sessionId).toBe(process.osPid);
  await process.stop();
  expect(lives(process.osPid)).toBe(false);
});

test("exited does not wait for children that hold the output", async () => {
  const process = startProcess(sampleTemplate({ cmd: fixtureCommand("leave-child.sh"), redirectOutput: ["out"] }));
  const child = Number(await readLine(process.outputs[0]));
  expect((await process.exited).status).toEqual({ exitCode: 0 });
  expect(lives(child)).toBe(true);
  await process.stop();
  await waitFor(() => !lives(child), "the exit of the remaining child");
  expect(await readText(process.outputs[0])).toBe("");
});

test("no timer or pipe keeps the program alive when its processes have exited", async () => {
  const fixture = new URL("../fixtures/use-and-end.ts", import.meta.url).pathname;
  const program = Bun.spawn([process.execPath, fixture], { stdin: "ignore", stdout: "inherit", stderr: "inherit" });
  const deadline = setTimeout(() => program.kill("SIGKILL"), 4000);
  expect(await program.exited).toBe(0);
  clearTimeout(deadline);
});
