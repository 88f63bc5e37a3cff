import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { libc } from "../../src/process/libc.ts";
import { waitFor } from "../wait-for.ts";
import { hostPerTest } from "./hosting.ts";

const host = hostPerTest();
const kib = 1024;
const getPipeSize = 1032;
const zeros = { cmd: "cat /dev/zero", redirectOutput: ["out"] };

/** The capacity of the pipe that is the stdout of a process. */
function pipeBytes(osPid: number): number {
  const fd = openSync(`/proc/${osPid}/fd/1`, "w");
  try {
    return libc().fcntl(fd, getPipeSize, 0);
  } finally {
    closeSync(fd);
  }
}

const onLinux = test.skipIf(process.platform !== "linux");

onLinux("the pipe of a process that writes faster than gafferd reads grows to 256 KiB", async () => {
  const { supervisor } = host({ ...zeros, outputBufferBytes: 1024 * kib });
  supervisor.start();
  const [process] = supervisor.processes;
  await waitFor(() => pipeBytes(process!.osPid!) === 256 * kib, "a wide pipe");
});

onLinux("a pipe into a small buffer keeps its 64 KiB", async () => {
  const { supervisor } = host({ ...zeros, outputBufferBytes: 512 * kib });
  supervisor.start();
  const [process] = supervisor.processes;
  await waitFor(() => process!.rings.get("out")!.head > 20_000 * kib, "much output");
  expect(pipeBytes(process!.osPid!)).toBe(64 * kib);
});
