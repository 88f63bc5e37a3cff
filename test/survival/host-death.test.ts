import { describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryRead } from "../../src/process/proc-file.ts";
import { procEntries } from "../../src/process/usage/proc-entries.ts";
import { procStatOf } from "../../src/process/proc-stat.ts";
import { main } from "../cli/running.ts";
import { type Hosted, startHosted } from "../process/hosted.ts";
import { lives } from "../process/observe.ts";
import { fixtureCommand } from "../process/sample-template.ts";
import { waitFor } from "../wait-for.ts";

async function killHard({ gafferd }: Hosted): Promise<void> {
  gafferd.kill("SIGKILL");
  await gafferd.exited;
}

const runFiles = ({ stateDir }: Hosted) =>
  existsSync(join(stateDir, "runs")) ? readdirSync(join(stateDir, "runs")) : [];

/** The pid of the guardian of a gafferd. */
function guardianOf(hosted: Hosted): number {
  const found = tryGuardianOf(hosted);
  if (found === undefined) throw new Error("there is no guardian");
  return found;
}

function tryGuardianOf({ gafferd }: Hosted): number | undefined {
  const found = [...procEntries()].find(
    ({ osPid, parentOsPid }) =>
      parentOsPid === gafferd.osPid &&
      tryRead(() => readFileSync(`/proc/${osPid}/cmdline`, "utf8"))?.includes("gafferd-guardian"),
  );
  return found?.osPid;
}

describe("when gafferd is killed", () => {
  test("all its processes are stopped: in the group, outside it, without an environment, and those that ignore SIGTERM", async () => {
    await using hosted = await startHosted();
    const graceful_timeout = 0.3;
    const group = await hosted.create({ name: "a", cmd: fixtureCommand("fork-child.sh"), graceful_timeout });
    const escaping = await hosted.create({ name: "b", cmd: fixtureCommand("escape.sh"), graceful_timeout });
    const bare = await hosted.create({ name: "c", cmd: "env -i sh -c 'echo $$; exec sleep 600'", graceful_timeout });
    const ignoring = await hosted.create({ name: "d", cmd: fixtureCommand("ignore-sigterm.sh"), graceful_timeout });
    await waitFor(
      async () => (await (await fetch(`${hosted.gafferd.url}/streams/${ignoring}/out`)).text()) !== "",
      "the process that ignores SIGTERM",
    );
    await hosted.numbers(escaping, 3);
    await hosted.numbers(bare, 1);
    const all = descendantsOf(hosted.gafferd.osPid);
    expect(all.length).toBeGreaterThanOrEqual(8);
    expect(group).toBe(1);
    await killHard(hosted);
    await waitFor(() => all.every((osPid) => !lives(osPid)), "the end of all", 15_000);
  });

  test("each process gets its stop signal and its graceful timeout", async () => {
    await using hosted = await startHosted();
    const mark = join(hosted.stateDir, "../graceful");
    const cmd = `sh -c 'trap "sleep 0.5; touch ${mark}; exit" INT; echo $$; while :; do sleep 0.05; done'`;
    const [osPid = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd, stop_signal: "INT" }), 1);
    await killHard(hosted);
    await waitFor(() => !lives(osPid), "its end");
    expect(existsSync(mark)).toBe(true);
  });

  test("a process with `on_host_exit = keep` keeps running until its template starts again", async () => {
    const ini = "[process:a]\ncmd = sleep 600\non_host_exit = keep\n";
    const folder = mkdtempSync(join(tmpdir(), "gafferd-keep-"));
    try {
      await using first = await startHosted({ ini, folder });
      const [kept = 0] = await osPidsOf(first, "a");
      const [gone = 0] = await first.numbers(
        await first.create({ name: "b", cmd: "sh -c 'echo $$; exec sleep 600'" }),
        1,
      );
      await killHard(first);
      await waitFor(() => !lives(gone), "the exit of the process that is not kept");
      expect(lives(kept)).toBe(true);
      {
        // The same state directory with another configuration file: its `a` is another template.
        await using other = await startHosted({ folder, ini: "[process:b]\ncmd = sleep 600\n" });
        expect(lives(kept)).toBe(true);
        expect(other.gafferd.err()).not.toContain("has left");
      }
      await using second = await startHosted({ ini, folder });
      expect(lives(kept)).toBe(false);
      expect(second.gafferd.err()).toContain(
        `a: stopping processes left by a gafferd that was killed: sleep (${kept}, state`,
      );
      expect(await osPidsOf(second, "a")).not.toContain(kept);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("and its guardian too, the next one stops the remaining processes, with their graceful timeout, before it starts any", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-left-"));
    const log = join(folder, "log");
    const script = `trap "echo end >>${log}; exit" TERM; echo start >>${log}; while :; do sleep 0.05; done`;
    const ini = `[process:a]\ncmd = sh -c '${script}'\n[process:b]\ncmd = ${fixtureCommand("escape.sh")}\nredirect_output = out\ngraceful_timeout = 0.3\n`;
    try {
      await using first = await startHosted({ ini, folder });
      await waitFor(() => existsSync(log), "the start");
      const escaped = await first.numbers(2, 3);
      // A suspended gafferd cannot start another guardian.
      first.gafferd.kill("SIGSTOP");
      process.kill(guardianOf(first), "SIGKILL");
      await killHard(first);
      expect(escaped.map(lives)).toEqual([true, true, true]);
      await using second = await startHosted({ ini, folder });
      expect(escaped.map(lives)).toEqual([false, false, false]);
      await waitFor(() => readFileSync(log, "utf8").split("\n").length === 4, "the second start");
      expect(readFileSync(log, "utf8")).toBe("start\nend\nstart\n");
      expect(second.gafferd.err()).toMatch(
        /a: stopping processes left by a gafferd that was killed: sh \(\d+, state \w\)/,
      );
      expect(runFiles(second)).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("a killed guardian is replaced, and the new one stops the processes when gafferd is killed", async () => {
  await using hosted = await startHosted({ ini: "[process:a]\ncmd = sleep 600\n" });
  const [osPid = 0] = await osPidsOf(hosted, "a");
  for (const count of [1, 2]) {
    const guardian = guardianOf(hosted);
    process.kill(guardian, "SIGKILL");
    const isReplaced = () => !lives(guardian) && tryGuardianOf(hosted) !== undefined;
    await waitFor(isReplaced, "another guardian");
    expect(hosted.gafferd.err().split("the guardian has exited").length).toBe(count + 1);
  }
  expect(hosted.gafferd.err()).toContain("its processes keep running; starting another in 0.2 s");
  await killHard(hosted);
  await waitFor(() => !lives(osPid), "the end of the process");
});

test("the guardian executes nothing that is in a damaged run file", async () => {
  await using hosted = await startHosted({ ini: "[process:a]\ncmd = sleep 600\n" });
  const [osPid = 0] = await osPidsOf(hosted, "a");
  const mark = join(hosted.stateDir, "mark");
  const [file = ""] = runFiles(hosted);
  const command = `$(touch\${IFS}${mark})`;
  const fields = ["1", "1", "mixed", "15", "10", "kill", "a-end.1", "a"];
  const lines = fields.map((_, index) => `+ ${fields.with(index, `'${command}'${command}`).join(" ")}\n`);
  appendFileSync(join(hosted.stateDir, "runs", file), lines.join(""));
  const guardian = guardianOf(hosted);
  await killHard(hosted);
  await waitFor(() => !lives(osPid) && !lives(guardian), "the end of the process and the guardian");
  expect(existsSync(mark)).toBe(false);
});

test("a process whose entry in the run file is damaged is found by its marker, and stopped by the next gafferd", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-damaged-"));
  try {
    await using first = await startHosted({ ini: "[process:a]\ncmd = sleep 600\n", folder });
    const [osPid = 0] = await osPidsOf(first, "a");
    const file = join(first.stateDir, "runs", runFiles(first)[0] ?? "");
    first.gafferd.kill("SIGSTOP");
    process.kill(guardianOf(first), "SIGKILL");
    await killHard(first);
    expect(lives(osPid)).toBe(true);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(`\n+ ${osPid} `);
    writeFileSync(file, text.replace(`\n+ ${osPid} `, "\n+ \0\0 "));
    await using second = await startHosted({ folder });
    expect(lives(osPid)).toBe(false);
    expect(second.gafferd.err()).toContain(`sleep (${osPid}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the grace periods of many processes that ignore SIGTERM run at the same time", async () => {
  const [count, graceMs] = [200, 2000];
  const cmd = `sh -c "trap '' TERM; exec sleep 600"`;
  const ini = `[process:deaf]\ncmd = ${cmd}\nnumprocesses = ${count}\ngraceful_timeout = ${graceMs / 1000}\n`;
  await using hosted = await startHosted({ ini });
  const all = await waitFor(async () => {
    const found = await osPidsOf(hosted, "deaf");
    return found.length === count ? found : undefined;
  }, "all processes");
  await killHard(hosted);
  const startMs = performance.now();
  await waitFor(() => !all.some(lives), "the end of all", 30_000);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(graceMs - 100);
  // The machine that runs the tests may be busy. One after another they would take minutes.
  expect(performance.now() - startMs).toBeLessThan(5 * graceMs);
});

test("a new process with the pid of a listed one is not stopped", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-number-"));
  const stranger = Bun.spawn(["sleep", "600"], { detached: true });
  try {
    await using first = await startHosted({ folder, ini: "[process:a]\ncmd = sleep 600\non_host_exit = keep\n" });
    const [file = ""] = await waitFor(() => (runFiles(first).length > 0 ? runFiles(first) : undefined), "the run file");
    const [osPid = 0] = await osPidsOf(first, "a");
    await killHard(first);
    process.kill(osPid, "SIGKILL");
    const path = join(first.stateDir, "runs", file);
    await Bun.write(path, readFileSync(path, "utf8").replace(`+ ${osPid} `, `+ ${stranger.pid} `));
    await using second = await startHosted({ folder, ini: "[process:a]\ncmd = sleep 600\n" });
    expect(lives(stranger.pid)).toBe(true);
    expect(second.gafferd.err()).not.toContain("has left");
  } finally {
    stranger.kill("SIGKILL");
    await stranger.exited;
    rmSync(folder, { recursive: true });
  }
});

test("another gafferd with the same state directory does not start, and stops no process of the running one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-two-"));
  try {
    const ini = "[process:a]\ncmd = sleep 600\n";
    await using first = await startHosted({ folder, ini });
    const [osPid = 0] = await osPidsOf(first, "a");
    await expect(startHosted({ folder, ini })).rejects.toThrow(
      `another gafferd (process ${first.gafferd.osPid}) uses it`,
    );
    expect(lives(osPid)).toBe(true);
    expect(runFiles(first)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("when gafferd stops", () => {
  test("no guardian and no run file remain", async () => {
    await using hosted = await startHosted({ ini: "[process:a]\ncmd = sleep 600\n" });
    await osPidsOf(hosted, "a");
    const guardian = guardianOf(hosted);
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(lives(guardian)).toBe(false);
    expect(runFiles(hosted)).toEqual([]);
  });

  test("the guardian has no descriptors of gafferd and gets no signals of its group", async () => {
    await using hosted = await startHosted({ ini: "[process:a]\ncmd = sleep 600\n" });
    await osPidsOf(hosted, "a");
    const guardian = guardianOf(hosted);
    const fds = readdirSync(`/proc/${guardian}/fd`).toSorted();
    expect(fds).toEqual(["0", "1", "2"]);
    expect(procStatOf(guardian)).toMatchObject({ groupId: guardian, sessionId: guardian });
  });

  test("there is no run file if no process was spawned", async () => {
    await using hosted = await startHosted();
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(runFiles(hosted)).toEqual([]);
  });

  test("a pipe from its output is closed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-pipe-"));
    try {
      const file = join(folder, "gaffer.ini");
      await Bun.write(file, `[gaffer]\nstate_dir = ${folder}\n[process:a]\ncmd = sleep 600\n`);
      const child = Bun.spawn({
        cmd: ["sh", "-c", `"${main}" --bind=127.0.0.1:0 -v "${file}" 2>&1 & echo $!; wait`],
        stdout: "pipe",
      });
      let out = "";
      const reading = (async () => {
        for await (const bytes of child.stdout) out += new TextDecoder().decode(bytes);
      })();
      await waitFor(() => out.includes("a[1] spawn"), "the spawn");
      process.kill(Number(out.split("\n")[0]), "SIGTERM");
      await reading;
      await child.exited;
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

async function osPidsOf({ ask }: Hosted, name: string): Promise<number[]> {
  return await waitFor(async () => {
    const templates = (await (ask("GET", "/processes?detail=true") as unknown)) as {
      name: string;
      processes: { os_pid: number }[];
    }[];
    const osPids = templates.find((each) => each.name === name)?.processes.map(({ os_pid }) => os_pid);
    return osPids !== undefined && osPids.length > 0 ? osPids : undefined;
  }, `the processes of ${name}`);
}

/** All its descendants, without the guardian. */
function descendantsOf(osPid: number): number[] {
  const entries = [...procEntries()];
  const below = (parent: number): number[] =>
    entries.filter(({ parentOsPid }) => parentOsPid === parent).flatMap((each) => [each.osPid, ...below(each.osPid)]);
  return below(osPid);
}
