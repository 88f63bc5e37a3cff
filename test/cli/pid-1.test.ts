import { afterAll, describe, expect, test } from "bun:test";
import { waitFor } from "../wait-for.ts";
import { createFolder, main } from "./running.ts";

const folder = createFolder();
afterAll(folder.remove);

const unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const mayUnshare = Bun.which("unshare") !== null && Bun.spawnSync([...unshare, "true"]).exitCode === 0;

/** Runs gafferd as PID 1 of a container. It reports process ids of the container, which differ outside. */
describe.skipIf(!mayUnshare && process.env["CI"] === undefined)("as PID 1 (needs the right to unshare)", () => {
  test("gafferd reaps every orphan, and stops with all processes and status 0 on SIGTERM", async () => {
    // Prints its children that are zombies, and stops it, as `docker stop` does from outside.
    const watch = `sh -c 'for i in 1 2 3 4 5 6; do (sleep 0.1 &); done; sleep 1; echo zombies: $(ps -o stat= --ppid 1 | grep -c Z); echo first: $(cat /proc/1/comm); exec sleep 600'`;
    const escape = `sh -c '(setsid sleep 600 &); exec sleep 600'`;
    const file = folder.write(
      "pid-1.ini",
      `[gaffer]\nstate_dir = ${folder.path}/state\n[process:watch]\ncmd = ${watch}\nredirect_output = out\n[process:escape]\ncmd = ${escape}\n`,
    );
    const child = Bun.spawn({
      cmd: [...unshare, process.execPath, main, "-vv", "--bind=127.0.0.1:0", file],
      stdout: "pipe",
      stderr: "pipe",
    });
    let out = "";
    const reading = (async () => {
      for await (const bytes of child.stdout) out += new TextDecoder().decode(bytes);
    })();
    await waitFor(() => out.includes("first: "), "what PID 1 is");
    expect(out).toContain("zombies: 0\n");
    const [gafferd = 0] = (await Bun.file(`/proc/${child.pid}/task/${child.pid}/children`).text())
      .split(" ")
      .map(Number);
    process.kill(gafferd, "SIGTERM");
    expect(await child.exited).toBe(0);
    await reading;
    expect(await child.stderr.text()).toContain("stopping on SIGTERM");
    expect(out).toMatch(/watch\[\d+\] exit, SIGTERM/);
  });
});
