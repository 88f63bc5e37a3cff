import { expect, test } from "bun:test";
import { OutputMemory } from "../../src/output/output-memory.ts";
import { waitFor } from "../wait-for.ts";
import { hostPerTest } from "./hosting.ts";

const host = hostPerTest();
const once = (bytes: number) => ({
  cmd: `head -c ${bytes} /dev/zero`,
  shell: true,
  restart: "never" as const,
  redirectOutput: ["out"],
  outputBufferBytes: 65_536,
});

test("old exits lose their output first, oldest exit first over all templates, and count as dropped", async () => {
  const memory = new OutputMemory(40_960);
  const [first, second, third] = [10_000, 10_000, 30_000].map(
    (bytes, index) => host({ ...once(bytes), name: `t${index}` }, { memory }).supervisor,
  );
  for (const supervisor of [first!, second!]) {
    supervisor.start();
    await waitFor(() => supervisor.exits[0]?.outputEnded, "its end");
  }
  expect(memory.held).toBe(32_768);
  third!.start();
  await waitFor(() => third!.exits[0]?.outputEnded, "the end of the third");
  expect(first!.exits).toEqual([]);
  expect([first!.dropped.count, first!.dropped.newestId, first!.dropped.bytes("out")]).toEqual([1, 1, 10_000]);
  expect(third!.exits[0]!.rings.get("out")!.head).toBe(30_000);
  expect(memory.held).toBeLessThanOrEqual(40_960);
});

test("the output of a deleted template and of exits before the last ten no longer counts", async () => {
  const memory = new OutputMemory(2 ** 30);
  const { supervisor } = host({ ...once(10_000), restart: "always" }, { memory });
  supervisor.start();
  await waitFor(() => supervisor.dropped.count >= 2, "the end of twelve", 15_000);
  await supervisor.stop();
  const rings = supervisor.exits.flatMap((process) => [...process.rings.values()]);
  expect(memory.held).toBe(rings.reduce((sum, { head }) => sum + (head > 8192 ? 16_384 : 0), 0));
  supervisor.retire();
  expect(memory.held).toBe(0);
});
