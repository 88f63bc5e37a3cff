import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { libc } from "../../../src/process/libc.ts";
import { openPipe } from "../../../src/process/spawn/pipe.ts";
import { PipeSize } from "../../../src/process/spawn/pipe-size.ts";

const kib = 1024;
const getPipeSize = 1032;
const sizeOf = (fd: number) => libc().fcntl(fd, getPipeSize, 0);

/** A pipe that is read through a duplicate of its read end, as Bun does. */
function openSized() {
  const { readEnd, writeEnd } = openPipe();
  const size = new PipeSize(readEnd);
  const duplicate = openSync(`/proc/self/fd/${readEnd}`, "r");
  const close = () => {
    for (const fd of [readEnd, writeEnd, duplicate]) closeSync(fd);
    size.close();
  };
  return { size, bytes: () => sizeOf(writeEnd), close };
}

const onLinux = test.skipIf(process.platform !== "linux");

onLinux("a chunk that fills the pipe widens it to 256 KiB", () => {
  const pipe = openSized();
  pipe.size.chunkRead(64 * kib);
  expect(pipe.bytes()).toBe(256 * kib);
  pipe.close();
});

onLinux("a pipe that is never full keeps its size", () => {
  const pipe = openSized();
  for (let chunk = 0; chunk < 100; chunk++) pipe.size.chunkRead(64 * kib - 1);
  expect(pipe.bytes()).toBe(64 * kib);
  pipe.close();
});

onLinux("64 pipes are wide at a time; one that is read to its end makes room for another", () => {
  const pipes = Array.from({ length: 65 }, openSized);
  for (const { size } of pipes) size.chunkRead(64 * kib);
  expect(pipes.map(({ bytes }) => bytes() / kib)).toEqual([...Array.from({ length: 64 }, () => 256), 64]);
  pipes[0]?.size.close();
  pipes[64]?.size.chunkRead(64 * kib);
  expect(pipes[64]?.bytes()).toBe(256 * kib);
  for (const { close } of pipes) close();
});

onLinux("the descriptor may be closed or no pipe any more", () => {
  const { readEnd, writeEnd } = openPipe();
  const size = new PipeSize(readEnd);
  expect(() => size.chunkRead(64 * kib)).not.toThrow();
  expect(sizeOf(writeEnd)).toBe(64 * kib);
  closeSync(readEnd);
  closeSync(writeEnd);
});
