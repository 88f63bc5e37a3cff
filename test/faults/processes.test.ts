import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { waitFor } from "../wait-for.ts";
import { isRoot, startHost, strangerUid } from "./host.ts";

const stranger = { uid: strangerUid, gid: strangerUid };

/** How many processes the stranger has; zombies too, as the kernel counts. */
function strangers(): number {
  return readdirSync("/proc").filter((entry) => uidOf(entry) === strangerUid).length;
}

describe.skipIf(!isRoot)(
  "when a user has as many processes as the limit says (needs root, whom it does not bind)",
  () => {
    test("more of them wait, and run when others have ended", async () => {
      await using host = await startHost(["prlimit", "--nproc=5:5"]);
      await host.client.create({ name: "many", cmd: "sleep 600", numprocesses: 8, ...stranger });
      const status = await waitFor(async () => {
        const now = await host.client.status("many");
        return now.state === "backoff" ? now : undefined;
      }, "the limit to be reached");
      expect(status.running).toBe(strangers());
      expect(status.running).toBeWithin(1, 8);
      expect(status.reason).toStartWith("cannot start `sleep`: too many processes are running; raise the limit");
      expect(status.next_retry_at).toBeString();

      await host.client.create({ name: "late", cmd: "sleep 600", ...stranger });
      expect(await host.client.status("late")).toMatchObject({ state: "backoff", running: 0 });
      await host.client.remove("many");
      await waitFor(async () => (await host.client.status("late")).state === "running", "its next try");
      await host.client.remove("late");
      expect(strangers()).toBe(0);
    });
  },
);

function uidOf(entry: string): number | undefined {
  return /^\d+$/.test(entry) ? statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid : undefined;
}
