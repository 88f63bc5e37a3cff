import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { isRoot, lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost, takeStrangerUid } from "./host.ts";

describe.skipIf(!isRoot)(
  "when a user has as many processes as the limit says (needs root, whom it does not bind)",
  () => {
    test("more of them wait, and run when others have ended", async () => {
      const uid = takeStrangerUid();
      await using host = await startHost(["prlimit", "--nproc=5:5"]);
      await host.client.create({ name: "many", cmd: "sleep 600", numprocesses: 8, uid, gid: uid });
      const status = await waitFor(async () => {
        const now = await host.client.status("many");
        return now.state === "backoff" ? now : undefined;
      }, "the limit to be reached");
      expect(status.running).toBe(livingOf(uid));
      expect(status.running).toBeWithin(1, 8);
      expect(status.reason).toStartWith("cannot start `sleep`: too many processes are running; raise the limit");
      expect(status.next_retry_at).toBeString();

      await host.client.create({ name: "late", cmd: "sleep 600", uid, gid: uid });
      expect(await host.client.status("late")).toMatchObject({ state: "backoff", running: 0 });
      await host.client.remove("many");
      await waitFor(async () => (await host.client.status("late")).state === "running", "its next try");
      await host.client.remove("late");
      expect(livingOf(uid)).toBe(0);
    });
  },
);

describe.skipIf(!isRoot)("a fork bomb of a user who may have so many processes (needs root)", () => {
  // Dead ones that nobody has looked at yet count too, so each has a user of its own.
  const uid = takeStrangerUid();
  const otherUid = takeStrangerUid();
  // Whatever happens here, nothing of them is to be left.
  afterEach(() => {
    for (const each of [uid, otherUid]) {
      Bun.spawnSync(["setpriv", `--reuid=${each}`, `--regid=${each}`, "--clear-groups", "kill", "-9", "-1"]);
    }
  });

  test("leaves gafferd to others, and is gone when its template is", async () => {
    await using host = await startHost();
    await drop(host, uid, "bomb() { bomb | bomb & }; bomb; exec sleep 600");
    await waitFor(() => livingOf(uid) > 15, "the bomb to go off");
    await host.client.create({ name: "other", cmd: "sleep 600" });
    expect(await host.client.status("other")).toMatchObject({ state: "running", running: 1 });
    await host.client.remove("bomb");
    expect(livingOf(uid)).toBe(0);
    expect(await host.client.processes()).toEqual(["other"]);
  });

  test("is gone too when each of its first processes ends at once, and another follows", async () => {
    await using host = await startHost();
    await drop(host, otherUid, "bomb() { bomb | bomb & }; bomb");
    await waitFor(async () => (await host.client.status("bomb")).restarts >= 1, "the next bomb");
    await host.client.remove("bomb");
    expect(livingOf(otherUid)).toBe(0);
  });
});

async function drop({ client }: Host, uid: number, script: string): Promise<void> {
  const cmd = "prlimit --nproc=40:40 bash -c";
  await client.create({
    name: "bomb",
    cmd,
    args: [script],
    backoff: "50ms, 50ms",
    graceful_timeout: 0.2,
    uid,
    gid: uid,
  });
}

/** How many processes of a user live. */
function livingOf(uid: number): number {
  return readdirSync("/proc").filter((entry) => uidOf(entry) === uid && lives(Number(entry))).length;
}

function uidOf(entry: string): number | undefined {
  return /^\d+$/.test(entry) ? statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid : undefined;
}
