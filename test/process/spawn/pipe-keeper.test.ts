import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../wait-for.ts";
import { commandLines } from "./command-line.ts";
import { type Hosted, startHosted } from "../hosted.ts";
import { lives } from "../observe.ts";

const keepersOf = (osPid: number) =>
  commandLines().filter((words) => words[3] === "gafferd-pipe-keeper" && words[4] === String(osPid));

async function inFolder(act: (folder: string, hosted: Hosted) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-keeper-"));
  try {
    await using hosted = await startHosted();
    await act(folder, hosted);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a process with `on_host_exit = keep` and redirected pipes", () => {
  test.each([
    ["two outputs", ["out", "err"]],
    ["one output for both", ["out", "out"]],
  ])(
    "keeps running when gafferd is killed, writes more than a pipe holds to %s, and waits for stdin",
    async (_, labels) => {
      await inFolder(async (folder, hosted) => {
        const [count, ended] = [join(folder, "count"), join(folder, "ended")];
        // Eight KiB at a time to both; a line in the file says that they were taken.
        const write = `while :; do printf '%8192s' x; printf '%8192s' y >&2; echo >>${count}; done`;
        const script = `(read -r line; echo ended >${ended}) <&3 & echo $$ >&2; while [ ! -e ${folder}/go ]; do sleep 0.02; done; ${write}`;
        const cmd = `sh -c "exec 3<&0; ${script.replaceAll("$", "\\$").replaceAll('"', '\\"')}"`;
        const template = { name: "a", cmd, on_host_exit: "keep", redirect_output: labels, redirect_input: true };
        await hosted.create(template);
        const osPid = await osPidOf(hosted, "a");
        await waitFor(() => keepersOf(osPid).length === 1, "its keeper");
        hosted.gafferd.kill("SIGKILL");
        await hosted.gafferd.exited;
        try {
          await Bun.write(join(folder, "go"), "");
          await waitFor(() => existsSync(count) && statSync(count).size > 200, "more output than any pipe holds");
          expect(lives(osPid)).toBe(true);
          expect(existsSync(ended)).toBe(false);
        } finally {
          process.kill(-osPid, "SIGKILL");
        }
        await waitFor(() => keepersOf(osPid).length === 0, "the end of its keeper", 15_000);
      });
    },
  );

  test("reads end of file when a client closes stdin, and its keeper exits with it", async () => {
    await inFolder(async (_, hosted) => {
      const template = { name: "a", cmd: "cat", on_host_exit: "keep", redirect_input: true, restart: "never" };
      const pid = await hosted.create(template);
      const osPid = await osPidOf(hosted, "a");
      await waitFor(() => keepersOf(osPid).length === 1, "its keeper");
      await fetch(`${hosted.gafferd.url}/streams/${pid}/stdin?eof=true`, { method: "POST", body: "hello\n" });
      const text = await (await fetch(`${hosted.gafferd.url}/streams/${pid}/out?feed=continuous`)).text();
      expect(text).toBe("hello\n");
      await waitFor(() => keepersOf(osPid).length === 0, "the end of its keeper");
      expect(lives(osPid)).toBe(false);
    });
  });

  test("has no keeper if nothing is redirected", async () => {
    await inFolder(async (folder, hosted) => {
      const body = JSON.stringify({ name: "a", cmd: "sleep 600", cwd: folder, on_host_exit: "keep" });
      await fetch(`${hosted.gafferd.url}/processes`, { method: "POST", body });
      const osPid = await osPidOf(hosted, "a");
      expect(keepersOf(osPid)).toEqual([]);
      expect(readFileSync(`/proc/${osPid}/comm`, "utf8")).toBe("sleep\n");
    });
  });
});

async function osPidOf({ ask }: Hosted, name: string): Promise<number> {
  return await waitFor(async () => {
    const templates = (await (ask("GET", "/processes?detail=true") as unknown)) as {
      name: string;
      processes: { os_pid: number }[];
    }[];
    return templates.find((each) => each.name === name)?.processes[0]?.os_pid;
  }, `the process of ${name}`);
}
