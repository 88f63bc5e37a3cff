import { describe, expect, test } from "bun:test";
import { waitFor } from "../wait-for.ts";
import { startHost } from "./host.ts";
import { canMount } from "./tiny-disk.ts";

const noMemory = new URL("../fixtures/no-memory.ts", import.meta.url).pathname;

// Permission to mount implies permission to create the namespaces that this test needs.
describe.skipIf(!canMount)("when the kernel has no memory for a process (needs root)", () => {
  test("gafferd responds with the time of the next retry, and then starts it", async () => {
    await using host = await startHost(["bun", "--preload", noMemory]);
    await host.client.create({ name: "first", cmd: "sleep 600" });
    host.kill("SIGUSR2");
    const failed = await waitFor(async () => {
      await host.client.create({ name: "second", cmd: "sleep 600" });
      const status = await host.client.status("second");
      if (status.state === "backoff") return status;
      return await host.client.remove("second").then(() => undefined);
    }, "memory to run out");
    expect(failed).toMatchObject({
      running: 0,
      reason: "cannot start `sleep`: not enough memory",
      next_retry_at: expect.any(String),
    });
    expect(await host.client.status("first")).toMatchObject({ state: "running", running: 1 });
    host.kill("SIGUSR2");
    await waitFor(async () => (await host.client.status("second")).state === "running", "the next attempt");
  });
});
