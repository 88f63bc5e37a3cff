import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { procStatOf, osPids } from "../../src/process/proc-stat.ts";

test("a program whose name looks like the fields that follow it deceives nobody", async () => {
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

test("the ids of all processes are numbers, and this one is among them", () => {
  expect(osPids()).toContain(String(process.pid));
  expect(osPids().every((osPid) => /^\d+$/.test(osPid))).toBe(true);
});
