import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../start-process.ts";
import type { ProcessTemplate } from "../../../src/template/template.ts";
import { waitFor } from "../../wait-for.ts";
import { openFds, readAll, zombies } from "../observe.ts";
import { sampleTemplate } from "../sample-template.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-launch-"));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o755);
  return path;
}

const badScript = put("bad-script", "#!/no/such/interpreter\n");
const badProgram = put("bad-program", "\u007fELF nonsense");

const failures: [string, Partial<ProcessTemplate>, string | undefined, string][] = [
  [
    "no program",
    { cmd: "no-such-program", env: { PATH: "/usr/bin" } },
    "cmd",
    "cannot start `no-such-program`: no such program in PATH (/usr/bin); install it, or use its full path",
  ],
  [
    "no folder",
    { cwd: "/no/such/folder" },
    "cwd",
    "cannot start `true`: its working directory /no/such/folder does not exist",
  ],
  [
    "a folder that is a file",
    { cwd: "/etc/passwd" },
    "cwd",
    "cannot start `true`: its working directory /etc/passwd is not a directory",
  ],
  [
    "not executable",
    { cmd: "/etc/passwd" },
    "cmd",
    "cannot start `/etc/passwd`: /etc/passwd is not executable (permission denied)",
  ],
  [
    "no interpreter",
    { cmd: badScript },
    "cmd",
    `cannot start \`${badScript}\`: its interpreter \`/no/such/interpreter\` does not exist`,
  ],
  [
    "no program of this machine",
    { cmd: badProgram },
    "cmd",
    `cannot start \`${badProgram}\`: ${badProgram} is a damaged program file`,
  ],
  ["no user", { uid: "no-such-user" }, "uid", "cannot run as user `no-such-user`: no such user"],
  [
    "a word that is too long",
    { args: ["x".repeat(3_000_000)] },
    "args",
    "cannot start `sample`: `args` is too long: with its variables replaced, a word is longer than 128 KiB, which the system does not allow; pass long values in a file or in stdin",
  ],
  [
    "too long together",
    { args: Array.from({ length: 30 }, () => "x".repeat(100_000)) },
    "cmd",
    "cannot start `true`: its arguments and environment together are too long",
  ],
  [
    "a NUL byte",
    { args: ["a\0b"] },
    "cmd",
    "cannot start `true`: its command, arguments and environment must not contain a NUL byte",
  ],
];

test.each(failures)("%s: refused at once, with the reason", (_, overrides, field, message) => {
  const details = { transient: false };
  expect(() => startProcess(sampleTemplate(overrides))).toThrow(
    expect.objectContaining({ code: "spawn_failed", field, message, details }),
  );
});

test("a program that has changed since the last start is refused with the reason", async () => {
  const path = put("changing", "#!/bin/sh\n");
  const start = () => startProcess(sampleTemplate({ cmd: path }));
  const changes: [change: () => void, reason: string][] = [
    [() => chmodSync(path, 0o644), `${path} is not executable (permission denied)`],
    [() => void put("changing", "#!/no/such/shell\n"), "its interpreter `/no/such/shell` does not exist"],
    [() => rmSync(path), "no such file"],
  ];
  for (const [change, reason] of changes) {
    put("changing", "#!/bin/sh\n");
    await start().exited;
    change();
    expect(start).toThrow(`cannot start \`${path}\`: ${reason}`);
  }
  put("changing", "#!/bin/sh\n");
  expect((await start().exited).status).toEqual({ exitCode: 0 });
});

test("the error of an unreadable env file has `details.transient`", () => {
  expect(() => startProcess(sampleTemplate({ envFiles: ["/no/such/file"] }))).toThrow(
    expect.objectContaining({ code: "spawn_failed", details: { transient: false } }),
  );
});

test("without free descriptors the failure is transient, and nothing stays open", () => {
  const fixture = new URL("../../fixtures/exhaust-fds.ts", import.meta.url).pathname;
  const { stdout } = Bun.spawnSync(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, fixture]);
  const outcomes: unknown[] = JSON.parse(stdout.toString());
  expect(outcomes.length).toBeWithin(4, 20);
  expect(outcomes.pop()).toBe("ok\n");
  for (const outcome of outcomes) expect(outcome).toEqual({ code: "spawn_failed", transient: true, leaked: 0 });
});

test("500 spawns, one in five a failure, leave no descriptor and no zombie", async () => {
  const before = openFds();
  const redirected = { redirectOutput: ["out", "err"], redirectInput: true };
  for (let i = 0; i < 500; i++) {
    const [, overrides] = i % 5 === 0 ? (failures[(i / 5) % failures.length] ?? failures[0] ?? []) : [];
    try {
      const process = startProcess(sampleTemplate({ cmd: "echo ok", ...redirected, ...overrides }));
      await Promise.all([process.emptied, ...process.outputs.map(readAll)]);
    } catch (error) {
      if (overrides === undefined) throw error;
    }
  }
  await waitFor(() => openFds() <= before && zombies() === 0, `as few descriptors as before (${before}), no zombies`);
});

test("10,000 short processes, 200 at a time, leave no descriptor and no zombie", async () => {
  const before = openFds();
  const template = sampleTemplate({ cmd: "true", redirectOutput: ["out"] });
  let left = 10_000;
  const exitCodes = new Set<unknown>();
  const runner = async (): Promise<void> => {
    while (left-- > 0) {
      const process = startProcess(template);
      const [exit] = await Promise.all([process.exited, process.emptied, ...process.outputs.map(readAll)]);
      exitCodes.add("exitCode" in exit.status ? exit.status.exitCode : exit.status.signal);
    }
  };
  await Promise.all(Array.from({ length: 200 }, runner));
  expect([...exitCodes]).toEqual([0]);
  await waitFor(() => openFds() <= before && zombies() === 0, `as few descriptors as before (${before}), no zombies`);
}, 60_000);
