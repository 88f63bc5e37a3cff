import { expect, test } from "bun:test";
import { closeSync, readFileSync } from "node:fs";
import { openPipe, setNonBlocking } from "../../../src/process/spawn/pipe.ts";

/** The flags of an open descriptor, from `/proc`. */
function flagsOf(fd: number): number {
  return Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "", 8);
}

const [nonBlocking, closeOnExec] = [0o4000, 0o2000000];

test("both ends block and are close-on-exec", () => {
  const { readEnd, writeEnd } = openPipe();
  for (const fd of [readEnd, writeEnd]) expect(flagsOf(fd) & (nonBlocking | closeOnExec)).toBe(closeOnExec);
  closeSync(readEnd);
  closeSync(writeEnd);
});

test("making one end non-blocking does not change the other", () => {
  const { readEnd, writeEnd } = openPipe();
  setNonBlocking(writeEnd);
  expect(flagsOf(writeEnd) & nonBlocking).toBe(nonBlocking);
  expect(flagsOf(readEnd) & nonBlocking).toBe(0);
  closeSync(readEnd);
  closeSync(writeEnd);
});
