import { ptr } from "bun:ffi";
import { afterAll, expect, test } from "bun:test";
import { closeSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadLibc } from "../../../src/libc.ts";
import { waitFor } from "../../wait-for.ts";
import { startGafferd } from "../running.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-notify-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A datagram socket as a service manager has it. */
function listen(name: string): Disposable & { received: () => string[] } {
  const { socket, bind, recv } = loadLibc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  });
  const fd = socket(1, 2, 0);
  const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(name.replace(/^@/, "\0"))]);
  if (bind(fd, ptr(address), address.length) !== 0) throw new Error(`cannot bind ${name}`);
  const all: string[] = [];
  const buffer = Buffer.alloc(256);
  return {
    received() {
      const dontWait = 0x40;
      for (;;) {
        const length = Number(recv(fd, ptr(buffer), buffer.length, dontWait));
        if (length < 0) return all;
        all.push(buffer.toString("latin1", 0, length));
      }
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

test.skipIf(process.platform !== "linux").each([
  ["a path", join(folder, "socket")],
  ["an abstract name", `@gafferd-test-${process.pid}`],
])("a service manager is told at %s that gafferd is ready, alive and stopping", async (_, path) => {
  using manager = listen(path);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" };
  await using gafferd = await startGafferd([], { env });
  await waitFor(() => manager.received().filter((each) => each === "WATCHDOG=1").length >= 3, "signs of life");
  expect(manager.received()[0]).toBe("READY=1");
  const body = JSON.stringify({ name: "env", cmd: "env", cwd: "/", restart: "never", redirect_output: ["out", "out"] });
  const made = (await (await fetch(`${gafferd.url}/processes`, { method: "POST", body })).json()) as { pids: number[] };
  const output = async () => await (await fetch(`${gafferd.url}/streams/${made.pids[0]}/out`)).text();
  const variables = await waitFor(async () => ((await output()).includes("PATH=") ? output() : undefined), "output");
  expect(variables).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
  gafferd.kill("SIGTERM");
  expect(await gafferd.exited).toBe(0);
  expect(manager.received()).toContain("STOPPING=1");
});

test("a watchdog that waits for another process gets no signs of life", async () => {
  const path = join(folder, "other");
  using manager = listen(path);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" };
  await using gafferd = await startGafferd([], { env });
  for (let round = 0; round < 10; round++) await fetch(`${gafferd.url}/ping`);
  gafferd.kill("SIGTERM");
  await gafferd.exited;
  expect(manager.received()).toEqual(["READY=1", "STOPPING=1"]);
});
