import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { createFolder, main } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";
import { cpuMs } from "./host.ts";
import { canMount, mountTinyDisk, type TinyDisk } from "./tiny-disk.ts";

const folder = createFolder();
afterAll(folder.remove);

describe.skipIf(!canMount)("when the disk of the log is full (needs permission to mount)", () => {
  test("gafferd keeps serving and supervising, and continues the log when there is space", async () => {
    using disk = mountTinyDisk();
    const path = join(disk.path, "log");
    await using host = await startLogging(path);
    disk.fill();
    await host.client.create({ name: "brief", cmd: "seq 500", redirect_output: ["out"], flapping: "2, 10s, 60s, 1" });
    await waitFor(async () => (await host.client.status("brief")).flapping, "the template to flap");

    disk.free();
    await waitFor(
      () => readFileSync(path, "utf8").includes("brief[2] out | 500\n"),
      "the buffered output to be written",
    );
    await host.client.remove("brief");
    await waitFor(() => readFileSync(path, "utf8").includes("brief delete\n"), "the log to continue");
  });

  test("1 MiB of what is logged meanwhile is kept, and the other lines are counted", async () => {
    using disk = mountTinyDisk("4m");
    const path = join(disk.path, "log");
    await using host = await startLogging(path);
    disk.fill();
    const full = readFileSync(path, "utf8").length;
    const [name, starts] = ["n".repeat(255), 6];
    await host.client.create({ name, cmd: "true", numprocesses: 300, restart: "never" });
    const hasEnded = async () => (await host.client.status(name)).state === "exited";
    for (let count = 1; count < starts; count++) {
      await waitFor(hasEnded, "the end of all processes");
      await host.client.start(name);
    }
    await waitFor(hasEnded, "the end of all processes");
    disk.free();
    const later = () => readFileSync(path, "utf8").slice(full);
    const [, dropped] = await waitFor(() => /^\((\d+) lines dropped: .*$/m.exec(later()), "the log to continue");
    expect(later().length / 1024 ** 2).toBeWithin(1, 1.1);
    const kept = later().match(/ (?:spawn, os_pid \d+|exit, status 0)$/gm)?.length ?? 0;
    // A `start` line of each start may be among the dropped ones.
    expect(kept + Number(dropped)).toBeWithin(2 * 300 * starts, 2 * 300 * starts + starts + 1);
  });
});

describe("a log that cannot be written (/dev/full)", () => {
  test("does not use CPU and does not prevent gafferd from stopping", async () => {
    await using host = await startLogging("/dev/full");
    await host.client.create({ name: "loud", cmd: "yes", redirect_output: ["out"] });
    await host.client.create({ name: "a", cmd: "echo hello", redirect_output: ["out"], restart: "never" });
    await waitFor(async () => (await host.client.status("a")).state === "exited", "the end of the process");
    await host.client.remove("loud");
    const [cpuBefore, startMs] = [cpuMs(host.osPid), performance.now()];
    await waitFor(() => performance.now() - startMs > 300, "a while to pass");
    expect(cpuMs(host.osPid) - cpuBefore).toBeLessThan(200);
    host.kill("SIGTERM");
    expect(await host.exited).toBe(0);
  });
});

describe.skipIf(!canMount)("a pidfile that cannot be written (needs permission to mount)", () => {
  test.each<[string, (disk: TinyDisk) => void, string]>([
    ["on a full disk", (disk) => disk.fill(), "ENOSPC"],
    ["on a read-only disk", (disk) => disk.lock(), "EROFS"],
  ])(
    "%s prevents gafferd from starting, also with --daemon, with a reason and no files left behind",
    async (_, spoil, code) => {
      using disk = mountTinyDisk();
      const pidfile = join(disk.path, "gafferd.pid");
      spoil(disk);
      for (const mode of [[], ["--daemon"]]) {
        const { exitCode, stderr } = Bun.spawnSync([main, ...mode, "--bind=127.0.0.1:0", "--pidfile", pidfile]);
        expect(exitCode).toBe(1);
        expect(stderr.toString()).toMatch(
          new RegExp(`^gafferd: cannot write the pidfile \`${pidfile}\`: ${code}: [^\n]+\n$`),
        );
      }
      expect(readdirSync(disk.path).filter((name) => name !== "filler")).toEqual([]);
    },
  );
});

/** Starts `gafferd -vv` with its output in the file at `path`. */
async function startLogging(path: string) {
  const log = openSync(path, "a");
  const socket = join(folder.path, "gafferd.sock");
  const home = mkdtempSync(join(folder.path, "home-"));
  const env = { ...process.env, HOME: home };
  const child = Bun.spawn([main, "-vv", `--bind=unix:${socket}`], { stdout: log, stderr: log, env });
  closeSync(log);
  const client = createClient({
    url: "http://localhost",
    fetch: (url, init) => fetch(url, { ...init, unix: socket }),
  });
  await waitFor(
    () =>
      client.processes().then(
        () => true,
        () => false,
      ),
    "gafferd to listen",
  );
  return {
    osPid: child.pid,
    client,
    exited: child.exited,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
