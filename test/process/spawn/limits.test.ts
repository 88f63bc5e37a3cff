import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createFolder, launcher, main, startGafferd } from "../../cli/running.ts";
import { waitFor } from "../../wait-for.ts";
import { isRoot } from "../observe.ts";

const folder = createFolder();
afterAll(folder.remove);

const shell = (script: string) => `[process:a]\ncmd = sh -c '${script}; exec sleep 600'\n`;

/** The output of the first process, once it has this many lines. */
async function linesOf(url: string, count: number): Promise<string[]> {
  return await waitFor(async () => {
    const text = await (await fetch(`${url}/streams/1/stdout?feed=continuous&follow=false`)).text();
    const lines = text.split("\n").slice(0, -1);
    return lines.length >= count ? lines : undefined;
  }, `${count} lines`);
}

/** Soft and hard limit of open files of each process of the template, with its name. */
async function limitsOf(url: string, name = "a"): Promise<string[]> {
  const templates = (await (await fetch(`${url}/processes?detail=true`)).json()) as {
    name: string;
    processes: { os_pid: number }[];
  }[];
  const processes = templates.find((each) => each.name === name)?.processes ?? [];
  return processes.map(({ os_pid }) => {
    const [, soft, hard] =
      /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${os_pid}/limits`, "latin1")) ?? [];
    return `${soft} ${hard} ${readFileSync(`/proc/${os_pid}/cmdline`, "latin1").split("\0")[0]}`;
  });
}

/** A shell that stays the parent of its child and forwards SIGTERM to it. */
const underShell = 'trap "kill \\$child" TERM; "$@" & child=$!; wait; wait';

/** Sets a soft limit below the hard limit. Bun raises the soft limit. */
const limited = ["prlimit", "--nofile=256:16384"];

describe("a process has the limit of open files that gafferd was started with", () => {
  const file = folder.write("limits.ini", shell("ulimit -S -n; ulimit -H -n"));

  test.each([
    ["the launcher", [...limited], launcher],
    ["a shell with that limit", [...limited, "sh", "-c", underShell, "sh"], main],
  ])("when %s starts gafferd", async (_, under, program) => {
    await using gafferd = await startGafferd([file], { under, program });
    expect(await linesOf(gafferd.url, 2)).toEqual(["256", "16384"]);
    const own = /^Max open files\s+(\d+)/m.exec(
      readFileSync(`/proc/${await gafferdPid(gafferd.url)}/limits`, "latin1"),
    );
    expect(own?.[1]).toBe("16384");
  });

  test("when gafferd is a daemon", async () => {
    const socket = `${folder.path}/daemon.sock`;
    const pidfile = `${folder.path}/daemon.pid`;
    const argv = ["--daemon", `--bind=unix:${socket}`, "--pidfile", pidfile, file];
    const env = { ...process.env, HOME: folder.path };
    for (const cmd of [
      [...limited, launcher, ...argv],
      [...limited, "sh", "-c", underShell, "sh", main, ...argv],
    ]) {
      expect(await Bun.spawn({ cmd, env, stdout: "ignore" }).exited).toBe(0);
      const osPid = Number(readFileSync(pidfile, "utf8"));
      try {
        const text = await waitFor(async () => {
          const init = { unix: socket };
          const answer = await fetch("http://localhost/streams/1/stdout?feed=continuous&follow=false", init);
          const found = await answer.text();
          return found.split("\n").length > 2 ? found : undefined;
        }, "both limits");
        expect(text).toBe("256\n16384\n");
      } finally {
        process.kill(osPid, "SIGTERM");
        await waitFor(() => !isThere(osPid), "the end of the daemon");
      }
    }
  });

  test("with many open descriptors, and as another user", async () => {
    const many = folder.write("many.ini", "[process:a]\ncmd = sleep 600\nnumprocesses = 150\n");
    const under = ["prlimit", "--nofile=128:16384"];
    await using gafferd = await startGafferd([many], { under, program: launcher });
    const limits = await waitFor(async () => {
      const found = await limitsOf(gafferd.url);
      // The shell that lowers the limit executes the program soon.
      return found.length === 150 && !found.some((each) => each.endsWith("sh")) ? found : undefined;
    }, "150 processes");
    expect([...new Set(limits.map((each) => each.split(" ").slice(0, 2).join(" ")))]).toEqual(["128 16384"]);
    if (!isRoot) return;
    const body = JSON.stringify({ name: "other", cmd: "sleep 600", cwd: "/", uid: 54321, gid: 54321 });
    await fetch(`${gafferd.url}/processes`, { method: "POST", body });
    await waitFor(async () => (await limitsOf(gafferd.url, "other"))[0]?.endsWith("/sleep"), "another user's process");
    expect((await limitsOf(gafferd.url, "other"))[0]).toStartWith("128 16384 ");
  });

  test("even if the limit of its parent changes later", async () => {
    const under = ["prlimit", "--nofile=16384:16384", "sh", "-c", underShell, "sh"];
    await using gafferd = await startGafferd([file], { under, program: main });
    expect(await linesOf(gafferd.url, 2)).toEqual(["16384", "16384"]);
    const status = readFileSync(`/proc/${await gafferdPid(gafferd.url)}/status`, "latin1");
    const [, parent] = /^PPid:\s+(\d+)$/m.exec(status) ?? [];
    expect(Bun.spawnSync(["prlimit", `--pid=${parent}`, "--nofile=256:16384"]).exitCode).toBe(0);
    await fetch(`${gafferd.url}/processes`, { method: "POST", body: JSON.stringify({ name: "b", cmd: "sleep 600" }) });
    await waitFor(async () => (await limitsOf(gafferd.url, "b"))[0]?.endsWith("sleep"), "another process");
    expect((await limitsOf(gafferd.url, "b"))[0]).toStartWith("16384 16384 ");
  });

  test("and does not have the variable that passes the limit to gafferd", async () => {
    const env = folder.write("env.ini", shell("env; echo end"));
    await using gafferd = await startGafferd([env], { under: limited, program: launcher });
    const lines = await waitFor(async () => {
      const found = await linesOf(gafferd.url, 1);
      return found.at(-1) === "end" ? found : undefined;
    }, "the environment");
    expect(lines.filter((line) => line.startsWith("GAFFERD_") && !line.startsWith("GAFFERD_PROCESS="))).toEqual([]);
  });
});

test("a process has the umask and the other limits that gafferd was started with", async () => {
  const file = folder.write("other.ini", shell("umask; cat /proc/self/limits; echo end"));
  const limits = ["--core=4096:8192", "--nproc=5000:6000", "--stack=4194304:8388608", "--cpu=7200:7200"];
  const under = ["prlimit", ...limits, "sh", "-c", 'umask 027; exec "$0" "$@"'];
  await using gafferd = await startGafferd([file], { under, program: launcher });
  const lines = await linesOf(gafferd.url, 18);
  expect(lines[0]).toBe("0027");
  const rows = lines.map((line) => line.replaceAll(/ +/g, " ").trim());
  expect(rows).toContain("Max core file size 4096 8192 bytes");
  expect(rows).toContain("Max processes 5000 6000 processes");
  expect(rows).toContain("Max stack size 4194304 8388608 bytes");
  expect(rows).toContain("Max cpu time 7200 7200 seconds");
});

async function gafferdPid(url: string): Promise<number> {
  const [{ processes = [] } = {}] = (await (await fetch(`${url}/processes?detail=true`)).json()) as {
    processes?: { os_pid: number }[];
  }[];
  const status = readFileSync(`/proc/${processes[0]?.os_pid}/status`, "utf8");
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}

function isThere(osPid: number): boolean {
  try {
    process.kill(osPid, 0);
    return true;
  } catch {
    return false;
  }
}
