import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { createClient } from "../../src/client/client.ts";
import { startGafferd } from "./running.ts";

test.skipIf(process.platform !== "linux")(
  "the daemon has no compiler and collector threads that could come back at the limit of processes",
  async () => {
    await using gafferd = await startGafferd([]);
    const client = createClient(gafferd.url);
    for (let round = 0; round < 200; round++) await client.processes();
    expect(threadsOf(gafferd.osPid)).not.toContain("JITWorker");
    expect(threadsOf(gafferd.osPid)).not.toContain("HeapHelper");
    expect(threadsOf(gafferd.osPid)).not.toContain("JSCWarmUp");
  },
);

test("processes do not inherit these options", async () => {
  await using gafferd = await startGafferd([], { env: { BUN_JSC_useJIT: "1" } });
  const client = createClient(gafferd.url);
  await client.create({
    name: "env",
    cmd: "sh -c 'env | grep ^BUN_JSC_ | sort; exec sleep 60'",
    redirect_output: ["out"],
  });
  const [pid] = await client.pids("env");
  const answer = await fetch(`${gafferd.url}/streams/${pid}/out`);
  expect(await answer.text()).toBe("BUN_JSC_useJIT=1\n");
});

test("the daemon does not stop to compile code that runs once in a while with the slowest compiler", async () => {
  await using gafferd = await startGafferd([], { env: { BUN_JSC_reportCompileTimes: "1" } });
  const client = createClient(gafferd.url);
  const create = (_: unknown, index: number) => client.create({ name: `t${index}`, cmd: "sleep 60", start: false });
  await Promise.all(Array.from({ length: 100 }, create));
  for (let round = 0; round < 5; round++) await client.export();
  const compiled = (gafferd.out() + gafferd.err()).split("\n").filter((line) => line.startsWith("Optimized"));
  expect(compiled.length).toBeGreaterThan(100);
  expect(compiled.filter((line) => line.includes("using FTL"))).toEqual([]);
});

function threadsOf(osPid: number): string[] {
  return readdirSync(`/proc/${osPid}/task`).map((id) => readFileSync(`/proc/${osPid}/task/${id}/comm`, "utf8").trim());
}
