import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { procStatOf, osPids } from "../../src/process/proc-stat.ts";

test("a program name that looks like the following fields is parsed correctly", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-proc-"));
  const program = join(folder, ") Z 1 1 (");
  symlinkSync("/bin/sleep", program);
  const spawned = Bun.spawn([program, "60"], { detached: true });
  const stat = procStatOf(spawned.pid);
  expect(stat).toMatchObject({ groupId: spawned.pid, sessionId: spawned.pid });
  expect(stat?.state).toMatch(/^[RSD]$/);
  spawned.kill("SIGKILL");
  await spawned.exited;
  expect(procStatOf(spawned.pid)).toBeUndefined();
  rmSync(folder, { recursive: true });
});

test("all pids are numbers, and this process is included", () => {
  expect(osPids()).toContain(String(process.pid));
  expect(osPids().every((osPid) => /^\d+$/.test(osPid))).toBe(true);
});
