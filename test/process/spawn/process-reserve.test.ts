import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reserveOf, roomIn } from "../../../src/process/spawn/process-reserve.ts";

const mount = mkdtempSync(join(tmpdir(), "gafferd-cgroup-"));
afterAll(() => rmSync(mount, { recursive: true }));

function write(cgroup: string, files: Record<string, string>): string {
  const folder = join(mount, cgroup);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test.each([
  [1, 0],
  [7, 0],
  [40, 5],
  [128, 16],
  [30_000, 16],
])("of a limit of %d processes, %d are for gafferd itself", (limit, count) => {
  expect(reserveOf(limit)).toBe(count);
});

test("a cgroup has room up to its reserve", () => {
  expect(roomIn(write("room", { "pids.max": "40\n", "pids.current": "30\n" }))).toBe(5);
  expect(roomIn(write("full", { "pids.max": "40\n", "pids.current": "35\n" }))).toBe(0);
  expect(roomIn(write("free", { "pids.max": "max\n", "pids.current": "35\n" }))).toBe(Infinity);
  expect(roomIn(join(mount, "gone"))).toBe(Infinity);
});
