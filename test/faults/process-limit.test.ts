import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRoot } from "../process/observe.ts";
import { receive } from "../webhook/receiver.ts";
import { waitFor } from "../wait-for.ts";
import { startHost, takeStrangerUid } from "./host.ts";

/** JavaScriptCore's idle threads exit after 10 s. gafferd aborted when they were recreated, 11 to 36 s after the start. */
const longMs = 90_000;

test.skipIf(!isRoot)(
  "gafferd keeps running at the process limit of its user, delivers webhooks when possible, and recovers (needs root)",
  async () => {
    const uid = takeStrangerUid();
    const home = mkdtempSync(join(tmpdir(), "gafferd-limit-"));
    chmodSync(home, 0o777);
    await using receiver = receive();
    const user = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "prlimit", "--nproc=40:40"];
    try {
      await using host = await startHost(["env", `HOME=${home}`, ...user]);
      const { client } = host;
      await client.create({ name: "many", cmd: "sleep 600", numprocesses: 60 });
      await waitFor(async () => (await client.status("many")).state === "backoff", "the limit");
      await client.addWebhook({ url: receiver.url, pattern: "." });
      const endMs = performance.now() + longMs;
      for (let round = 0; performance.now() < endMs; round++) {
        await client.create({ name: `late-${round}`, cmd: "sleep 600" });
        const [pid] = await client.pids("many");
        if (pid !== undefined) await client.stop(pid);
        expect((await client.stats()).length).toBeGreaterThanOrEqual(2);
        await client.remove(`late-${round}`);
        await Bun.sleep(1000);
      }
      await client.remove("many");
      await client.create({ name: "after", cmd: "sleep 600" });
      expect(await client.status("after")).toMatchObject({ state: "running", running: 1 });
      await waitFor(() => receiver.received.length > 0, "an event to be delivered");
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
  longMs + 60_000,
);
