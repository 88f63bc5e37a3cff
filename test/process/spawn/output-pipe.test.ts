import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { startProcess } from "../start-process.ts";
import { waitFor } from "../../wait-for.ts";
import { isRoot, openFds, readAll, readText } from "../observe.ts";
import { sampleTemplate } from "../sample-template.ts";

const waysToWrite = [
  "echo x > /dev/stdout",
  "echo x > /dev/stderr",
  "echo x | tee /dev/stderr",
  "echo x > /proc/self/fd/1",
  "echo x >> /dev/fd/2",
];

test.each(waysToWrite)("`%s` works", async (cmd) => {
  const process = startProcess(sampleTemplate({ cmd, shell: true, redirectOutput: ["both", "both"] }));
  expect(await readText(process.outputs[0])).toMatch(/^(x\n)+$/);
  expect((await process.exited).status).toEqual({ exitCode: 0 });
});

// Only root can start a process as another user.
test.skipIf(!isRoot).each(waysToWrite)("`%s` works as another user", async (cmd) => {
  const process = startProcess(sampleTemplate({ cmd, shell: true, redirectOutput: ["both", "both"], uid: "nobody" }));
  expect(await readText(process.outputs[0])).toMatch(/^(x\n)+$/);
  expect((await process.exited).status).toEqual({ exitCode: 0 });
});

test("two labels are two pipes, in their order", async () => {
  const process = startProcess(sampleTemplate({ cmd: "echo 1; echo 2 >&2", shell: true, redirectOutput: ["a", "b"] }));
  expect(process.outputs.map(({ label }) => label)).toEqual(["a", "b"]);
  expect(await Promise.all(process.outputs.map(readText))).toEqual(["1\n", "2\n"]);
});

test("one label for both is one pipe that keeps the order of writes", async () => {
  const cmd = "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done";
  const process = startProcess(sampleTemplate({ cmd, shell: true, redirectOutput: ["all", "all"] }));
  expect(process.outputs).toHaveLength(1);
  expect(await readText(process.outputs[0])).toBe([1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `o${i}\ne${i}\n`).join(""));
});

test("with one label stderr is discarded", async () => {
  const process = startProcess(sampleTemplate({ cmd: "echo 1; echo 2 >&2", shell: true, redirectOutput: ["out"] }));
  expect(await readText(process.outputs[0])).toBe("1\n");
});

test("every byte arrives in order, including those written just before the exit", async () => {
  const process = startProcess(sampleTemplate({ cmd: "seq 1 2000000", redirectOutput: ["out"] }));
  const output = await readAll(process.outputs[0]);
  const expected = Bun.spawnSync(["seq", "1", "2000000"]).stdout;
  expect(Bun.hash(output)).toBe(Bun.hash(expected));
});

test("a process whose output is not read blocks", async () => {
  const cmd = "dd if=/dev/zero bs=64k count=1024";
  const process = startProcess(sampleTemplate({ cmd, redirectOutput: ["out"] }));
  const written = () => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${process.osPid}/io`, "latin1"))?.[1]);
  let before = 0;
  const standsStill = (): boolean => {
    const now = written();
    const same = now > 0 && now === before;
    before = now;
    return same;
  };
  await waitFor(standsStill, "an output that stands still");
  expect(written()).toBeLessThan(2 ** 20);
  await process.stop();
});

test("cancel ends pending reads and gives the writer SIGPIPE", async () => {
  const process = startProcess(sampleTemplate({ cmd: "sleep 0.05; exec yes", shell: true, redirectOutput: ["out"] }));
  const pending = process.outputs[0]?.read();
  await process.outputs[0]?.cancel();
  expect((await pending)?.done).toBe(true);
  expect((await process.outputs[0]?.read())?.done).toBe(true);
  expect((await process.exited).status).toEqual({ signal: "SIGPIPE" });
});

test("a pipe that was read to its end or cancelled leaves no open descriptor", async () => {
  const before = openFds();
  for (let i = 0; i < 20; i++) {
    const process = startProcess(
      sampleTemplate({ cmd: "echo 1; echo 2 >&2", shell: true, redirectOutput: ["a", "b"] }),
    );
    await Promise.all([readText(process.outputs[0]), process.outputs[1]?.cancel(), process.exited]);
  }
  await waitFor(() => openFds() <= before, `as few descriptors as before (${before})`);
});
