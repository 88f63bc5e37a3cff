import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningGafferd, startGafferd } from "../cli/running.ts";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-watchdog-"));
afterAll(() => rmSync(folder, { recursive: true }));
const pidfile = join(folder, "pid");
const fifo = join(folder, "fifo");
const blocked = "the event loop has been blocked for 1 s";

/** A plugin that blocks the event loop when a process with one of these names is started. */
const plugin = `
import { readFileSync } from "node:fs";
import { Plugin } from "gafferd";
export class BlockPlugin extends Plugin {
  name = "block";
  version = "1";
  description = "blocks";
  mandatory = [];
  app() {
    return {
      start(manager) {
        manager.subscribe("spawn", ({ name }) => {
          if (name === "reads") readFileSync(${JSON.stringify(fifo)});
          const endMs = performance.now() + { computes: 2_000, hangs: 600_000 }[name];
          while (performance.now() < endMs);
        });
      },
    };
  }
}`;

async function start(settings = ""): Promise<RunningGafferd> {
  const file = join(folder, "gaffer.ini");
  await Bun.write(join(folder, "plugins/block/plugin/index.ts"), plugin);
  await Bun.write(
    file,
    `[gaffer]\nstate_dir = state\nplugins_dir = plugins\nbundled_plugins = none\nhang_timeout = 1s\n${settings}\n`,
  );
  const gafferd = await startGafferd([`--pidfile=${pidfile}`, file]);
  // The watchdog starts in the first turns of the event loop after gafferd listens.
  for (let turn = 0; turn < 3; turn++) {
    await fetch(`${gafferd.url}/ping`);
    await Bun.sleep(20);
  }
  return gafferd;
}

/** Starts a process on whose start the plugin blocks. The request is not answered before that ends. */
function spawn({ url }: RunningGafferd, name: string): void {
  const body = JSON.stringify({ name, cmd: "sleep 600", cwd: "/", persist: false });
  void fetch(`${url}/processes`, { method: "POST", body }).catch(() => undefined);
}

test("a blocked event loop is logged with what the kernel knows of it, and so is its end", async () => {
  await using gafferd = await start();
  spawn(gafferd, "computes");
  await waitFor(() => gafferd.err().includes(blocked), "the report");
  expect(gafferd.err()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z error the event loop .* \(state R, .*\)$/m);
  await waitFor(() => gafferd.err().includes("warn  the event loop runs again"), "the end");
});

test("a system call that does not return is named", async () => {
  expect(await Bun.spawn(["mkfifo", fifo]).exited).toBe(0);
  await using gafferd = await start();
  spawn(gafferd, "reads");
  await waitFor(() => gafferd.err().includes(blocked), "the report");
  expect(gafferd.err()).toMatch(/\(state S, waiting in \w+, system call \d+ 0x/);
  await Bun.write(fifo, "");
  await waitFor(() => gafferd.err().includes("warn  the event loop runs again"), "the end");
});

test("a suspended gafferd does not hang", async () => {
  await using gafferd = await start("on_hang = restart");
  gafferd.kill("SIGSTOP");
  await Bun.sleep(1500);
  gafferd.kill("SIGCONT");
  expect((await fetch(`${gafferd.url}/ping`)).status).toBe(200);
  expect(gafferd.err()).not.toContain("the event loop");
});

test("with `on_hang = restart`, a gafferd whose event loop is blocked is killed and started again", async () => {
  await using gafferd = await start("on_hang = restart");
  spawn(gafferd, "hangs");
  const pid = () => (existsSync(pidfile) ? Number(readFileSync(pidfile, "utf8")) : gafferd.osPid);
  await waitFor(() => pid() !== gafferd.osPid && pid() > 0, "another gafferd", 20_000);
  const next = pid();
  try {
    expect(lives(gafferd.osPid)).toBe(false);
    expect(gafferd.err()).toContain(`${blocked}; killing gafferd to start it again`);
    await waitFor(() => gafferd.err().includes("started again after"), "its log");
  } finally {
    process.kill(next, "SIGTERM");
    await waitFor(() => !lives(next), "its end");
  }
});

test("with `on_hang = restart` and `on_crash = stop`, a killed gafferd is not started again", async () => {
  await using gafferd = await start("on_hang = restart");
  gafferd.kill("SIGKILL");
  await gafferd.exited;
  await Bun.sleep(1500);
  expect(gafferd.err()).not.toContain("killed or crashed");
});
