import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFolder, main, startGafferd } from "../cli/running.ts";

const folder = createFolder();
afterAll(folder.remove);
const pidfile = join(folder.path, "gafferd.pid");

test("the pidfile of a killed gafferd is replaced by the next one", async () => {
  const killed = await startGafferd([`--pidfile=${pidfile}`]);
  killed.kill("SIGKILL");
  await killed.exited;
  expect(readFileSync(pidfile, "utf8")).toBe(`${killed.osPid}\n`);
  await startsAndEnds();
});

test.each([
  ["with a pid that another program uses now", `${process.ppid}\n`],
  ["that is empty, as after a crash during its creation", ""],
])("a pidfile %s is replaced", async (_, text) => {
  writeFileSync(pidfile, text);
  await startsAndEnds();
});

test("a file that is not a pidfile is left alone, and gafferd does not start", () => {
  writeFileSync(pidfile, "[gaffer]\n");
  expectRefused(pidfile, "it is another file, not a pidfile; remove it or name another file");
  expect(readFileSync(pidfile, "utf8")).toBe("[gaffer]\n");

  const directory = join(folder.path, "directory.pid");
  mkdirSync(directory);
  expectRefused(directory, "it is a directory");
  expectRefused(join(folder.path, "no-such-folder", "gafferd.pid"), "ENOENT");
});

async function startsAndEnds(): Promise<void> {
  await using gafferd = await startGafferd([`--pidfile=${pidfile}`]);
  expect(readFileSync(pidfile, "utf8")).toBe(`${gafferd.osPid}\n`);
  gafferd.kill("SIGTERM");
  expect(await gafferd.exited).toBe(0);
  expect(existsSync(pidfile)).toBe(false);
}

/** Checks the foreground and `--daemon`; the error must be one line. */
function expectRefused(path: string, reason: string): void {
  for (const mode of [[], ["--daemon"]]) {
    const { exitCode, stderr } = Bun.spawnSync([main, ...mode, "--bind=127.0.0.1:0", `--pidfile=${path}`]);
    expect(exitCode).toBe(1);
    expect(stderr.toString()).toMatch(/^gafferd: cannot [^\n]+\n$/);
    expect(stderr.toString()).toContain(reason);
    expect(stderr.toString()).toContain(`\`${path}\``);
  }
}
