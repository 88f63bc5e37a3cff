import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { isRoot, lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost, takeStrangerUid } from "./host.ts";

describe.skipIf(!isRoot)(
  "when a user has reached the process limit (needs root, to which the limit does not apply)",
  () => {
    test("further processes wait, and start when others have exited", async () => {
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
      await waitFor(async () => (await host.client.status("late")).state === "running", "the next attempt");
      await host.client.remove("late");
      expect(livingOf(uid)).toBe(0);
    });
  },
);

describe.skipIf(!isRoot)("a fork bomb of a user with a process limit (needs root)", () => {
  // Unreaped zombies count towards the limit, so each test has its own user.
  const uid = takeStrangerUid();
  const otherUid = takeStrangerUid();
  // Kill what a failed test leaves behind.
  afterEach(() => {
    for (const each of [uid, otherUid]) {
      Bun.spawnSync(["setpriv", `--reuid=${each}`, `--regid=${each}`, "--clear-groups", "kill", "-9", "-1"]);
    }
  });

  test("does not block other templates, and ends when its template is deleted", async () => {
    await using host = await startHost();
    await drop(host, uid, "bomb() { bomb | bomb & }; bomb; exec sleep 600");
    await waitFor(() => livingOf(uid) > 15, "the bomb to go off");
    await host.client.create({ name: "other", cmd: "sleep 600" });
    expect(await host.client.status("other")).toMatchObject({ state: "running", running: 1 });
    await host.client.remove("bomb");
    expect(livingOf(uid)).toBe(0);
    expect(await host.client.processes()).toEqual(["other"]);
  });

  test("also ends when its first processes exit at once and are restarted", async () => {
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

/** The number of live processes of a user. */
function livingOf(uid: number): number {
  return readdirSync("/proc").filter((entry) => uidOf(entry) === uid && lives(Number(entry))).length;
}

function uidOf(entry: string): number | undefined {
  return /^\d+$/.test(entry) ? statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid : undefined;
}
