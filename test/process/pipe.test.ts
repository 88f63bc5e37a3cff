import { expect, test } from "bun:test";
import { closeSync, readFileSync, writeSync } from "node:fs";
import { openPipe, resizePipe, setNonBlocking } from "../../src/process/pipe.ts";

/** The flags of an open descriptor, as the kernel tells them. */
function flagsOf(fd: number): number {
  return Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "", 8);
}

const [nonBlocking, closeOnExec] = [0o4000, 0o2000000];

test("both ends block, and are closed by exec", () => {
  const { readEnd, writeEnd } = openPipe();
  for (const fd of [readEnd, writeEnd]) expect(flagsOf(fd) & (nonBlocking | closeOnExec)).toBe(closeOnExec);
  closeSync(readEnd);
  closeSync(writeEnd);
});

test("one end made non-blocking leaves the other as it is", () => {
  const { readEnd, writeEnd } = openPipe();
  setNonBlocking(writeEnd);
  expect(flagsOf(writeEnd) & nonBlocking).toBe(nonBlocking);
  expect(flagsOf(readEnd) & nonBlocking).toBe(0);
  closeSync(readEnd);
  closeSync(writeEnd);
});

test("a pipe holds what it was resized to", () => {
  const { readEnd, writeEnd } = openPipe();
  resizePipe(writeEnd, 2 ** 18);
  setNonBlocking(writeEnd);
  expect(writeSync(writeEnd, new Uint8Array(2 ** 20))).toBe(2 ** 18);
  closeSync(readEnd);
  closeSync(writeEnd);
});
