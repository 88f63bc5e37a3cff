import { expect, test } from "bun:test";
import { environOf } from "../../src/process/environ.ts";
import { procStatOf } from "../../src/process/proc-stat.ts";
import { waitFor } from "../wait-for.ts";

test("shows the environment that a process was started with", async () => {
  const subprocess = Bun.spawn(["sleep", "600"], { env: { A: "1", B: "two words" } });
  try {
    await waitFor(() => environOf(subprocess.pid) === "A=1\0B=two words\0", "the environment");
  } finally {
    subprocess.kill();
  }
});

test("is empty for a process that has none", async () => {
  const subprocess = Bun.spawn(["sleep", "600"], { env: {} });
  try {
    await waitFor(() => environOf(subprocess.pid) === "", "the environment");
  } finally {
    subprocess.kill();
  }
});

test("is unknown for a process that is ending or gone, and not the same as empty", async () => {
  const parent = Bun.spawn(["python3", "-c", "import os,time\nif os.fork()==0: os._exit(0)\ntime.sleep(600)"]);
  try {
    const children = `/proc/${parent.pid}/task/${parent.pid}/children`;
    const zombie = await waitFor(async () => {
      const osPid = Number.parseInt(await Bun.file(children).text(), 10);
      return procStatOf(osPid)?.state === "Z" ? osPid : undefined;
    }, "a zombie");
    expect(environOf(zombie)).toBeUndefined();
  } finally {
    parent.kill();
  }
  await parent.exited;
  expect(environOf(parent.pid)).toBeUndefined();
});
