import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hosted, startHosted } from "../process/hosted.ts";
import { lives } from "../process/observe.ts";
import { fixtureCommand } from "../process/sample-template.ts";
import { waitFor } from "../wait-for.ts";

/** Parent and worker write to a file, because their output is not read after gafferd has died. */
async function startPair(folder: string, kill_mode: string, host: Hosted): Promise<number> {
  const log = join(folder, "said");
  const cmd = `sh -c 'exec ${fixtureCommand("parent-and-worker.sh").replaceAll("'", "")} >${log}'`;
  await host.create({ name: "a", cmd, kill_mode, redirect_output: [] });
  return await waitFor(() => (existsSync(log) ? Number(readFileSync(log, "utf8").split("\n")[0]) : 0), "the worker");
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-kill-mode-"));
  try {
    await act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("when gafferd is killed", () => {
  test.each(["mixed", "process"])("a worker can finish its job with `kill_mode = %s`", async (killMode) => {
    await inFolder(async (folder) => {
      await using hosted = await startHosted();
      const worker = await startPair(folder, killMode, hosted);
      hosted.gafferd.kill("SIGKILL");
      await hosted.gafferd.exited;
      await waitFor(() => !lives(worker), "the end of the worker");
      const said = await waitFor(() => {
        const text = readFileSync(join(folder, "said"), "utf8");
        return text.includes("parent is done") ? text : undefined;
      }, "the end of the parent");
      expect(said).toBe(`${worker}\nparent got TERM\nworker is done\nparent is done\n`);
    });
  });

  test("both get the signal with `kill_mode = group`", async () => {
    await inFolder(async (folder) => {
      await using hosted = await startHosted();
      await startPair(folder, "group", hosted);
      hosted.gafferd.kill("SIGKILL");
      await hosted.gafferd.exited;
      await waitFor(() => readFileSync(join(folder, "said"), "utf8").includes("parent is done"), "the end of both");
      expect(readFileSync(join(folder, "said"), "utf8")).toContain("worker got TERM\n");
    });
  });

  test.each(["mixed", "group", "process"])(
    "all are stopped with `kill_mode = %s`: a child that ignores SIGTERM, one without an environment, one in another session",
    async (killMode) => {
      await using hosted = await startHosted();
      const settings = { kill_mode: killMode, graceful_timeout: 0.5 };
      const pid = await hosted.create({ name: "a", cmd: fixtureCommand("family.sh"), ...settings });
      const family = await hosted.numbers(pid, 4);
      expect(family.map(lives)).toEqual([true, true, true, true]);
      hosted.gafferd.kill("SIGKILL");
      await hosted.gafferd.exited;
      await waitFor(() => !family.some(lives), "the end of all", 15_000);
    },
  );

  test("the next gafferd logs the processes that the guardian stopped", async () => {
    await inFolder(async (folder) => {
      let family: number[];
      {
        await using first = await startHosted({ folder });
        const pid = await first.create({ name: "a", cmd: fixtureCommand("family.sh"), graceful_timeout: 0.3 });
        family = await first.numbers(pid, 4);
        first.gafferd.kill("SIGKILL");
        await first.gafferd.exited;
        await waitFor(() => !family.some(lives), "the end of all", 15_000);
      }
      await using second = await startHosted({ folder });
      const [line = ""] = /a: stopped after gafferd \(\d+\) was killed: .*/.exec(second.gafferd.err()) ?? [];
      for (const osPid of family) expect(line).toMatch(new RegExp(`\\w+ \\(${osPid}\\)`));
    });
  });

  test.each(["mixed", "group", "process"])(
    "and its guardian too, the next gafferd stops all processes with `kill_mode = %s`",
    async (killMode) => {
      await inFolder(async (folder) => {
        await using first = await startHosted({ folder });
        const settings = { kill_mode: killMode, graceful_timeout: 0.5 };
        const pid = await first.create({ name: "a", cmd: fixtureCommand("family.sh"), ...settings });
        const family = await first.numbers(pid, 4);
        process.kill(guardianOf(first), "SIGKILL");
        await waitFor(() => first.gafferd.err().includes("the guardian has exited"), "the warning");
        first.gafferd.kill("SIGKILL");
        await first.gafferd.exited;
        expect(family.map(lives)).toEqual([true, true, true, true]);
        await using second = await startHosted({ folder });
        expect(family.map(lives)).toEqual([false, false, false, false]);
        const text = second.gafferd.err();
        for (const osPid of family) expect(text).toContain(`(${osPid}, state `);
      });
    },
  );
});

function guardianOf({ gafferd }: Hosted): number {
  const children = readFileSync(`/proc/${gafferd.osPid}/task/${gafferd.osPid}/children`, "latin1").trim().split(" ");
  const found = children.find((osPid) => readFileSync(`/proc/${osPid}/cmdline`, "utf8").includes("gafferd-guardian"));
  if (found === undefined) throw new Error("there is no guardian");
  return Number(found);
}
