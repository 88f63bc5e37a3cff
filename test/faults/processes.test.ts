import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRoot, lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost, takeStrangerUid } from "./host.ts";
import { canMount } from "./tiny-disk.ts";

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

describe.skipIf(!canMount)("a user with supplementary groups (needs permission to mount)", () => {
  test("who is at the process limit gets exits with status 126, and a crash loop; running processes continue", async () => {
    const uid = takeStrangerUid();
    const { under, remove } = addUser({ uid, name: "stranger", groups: ["helpers"] });
    try {
      await using host = await startHost([...under, "prlimit", "--nproc=5:5"]);
      await host.client.create({ name: "many", cmd: "sleep 600", numprocesses: 8, uid: "stranger" });
      const status = await waitFor(async () => {
        const now = await host.client.status("many");
        return now.exits_in_a_row > 3 ? now : undefined;
      }, "a crash loop");
      expect(status).toMatchObject({
        active: true,
        state: "backoff",
        reason: expect.stringContaining("with status 126"),
      });
      expect(livingOf(uid)).toBeWithin(1, 8);
      expect(await host.client.history("many")).toContainEqual(expect.objectContaining({ exit_status: 126 }));
    } finally {
      remove();
    }
  });
});

/** Adds a user in a mount namespace of its own. `under` runs a command there. */
function addUser({ uid, name, groups }: { uid: number; name: string; groups: readonly string[] }) {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-user-"));
  const add = (file: string, lines: readonly string[]) =>
    writeFileSync(join(folder, file), [readFileSync(`/etc/${file}`, "utf8").trimEnd(), ...lines, ""].join("\n"));
  add("passwd", [`${name}:x:${uid}:${uid}::/:/bin/sh`]);
  add("group", [`${name}:x:${uid}:`, ...groups.map((group, index) => `${group}:x:${uid + index + 1}:${name}`)]);
  const mount = ["passwd", "group"].map((file) => `mount --bind ${folder}/${file} /etc/${file}`).join(" && ");
  return {
    under: ["unshare", "--mount", "sh", "-c", `${mount} && exec "$@"`, "sh"],
    remove: () => rmSync(folder, { recursive: true }),
  };
}

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
