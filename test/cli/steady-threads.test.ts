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

function threadsOf(osPid: number): string[] {
  return readdirSync(`/proc/${osPid}/task`).map((id) => readFileSync(`/proc/${osPid}/task/${id}/comm`, "utf8").trim());
}
