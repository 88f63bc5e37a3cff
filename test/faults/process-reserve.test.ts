import { expect, test } from "bun:test";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { osPids, procStatOf } from "../../src/process/proc-stat.ts";
import { procEntries } from "../../src/process/usage/proc-entries.ts";
import { isRoot, lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost, takeStrangerUid } from "./host.ts";

const limit = 60;

/** Runs gafferd as a user who may have `limit` processes and threads, and may raise that to `hardLimit`. */
async function withLimitedHost(run: (host: Host, uid: number) => Promise<void>, hardLimit = limit): Promise<void> {
  const uid = takeStrangerUid();
  const home = mkdtempSync(join(tmpdir(), "gafferd-reserve-"));
  chownSync(home, uid, uid);
  const user = [
    "setpriv",
    `--reuid=${uid}`,
    `--regid=${uid}`,
    "--clear-groups",
    "prlimit",
    `--nproc=${limit}:${hardLimit}`,
  ];
  try {
    await using host = await startHost(["env", `HOME=${home}`, ...user]);
    await run(host, uid);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const asUser = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];

const statusOf = (osPid: number | string) => {
  try {
    return readFileSync(`/proc/${osPid}/status`, "utf8");
  } catch {
    return "";
  }
};

/** The processes and threads of a user, as the limit counts them. */
function countTasks(uid: number): number {
  const own = osPids()
    .map(statusOf)
    .filter((status) => status.includes(`\nUid:\t${uid}\t`));
  return own.reduce((sum, status) => sum + Number(/^Threads:\t(\d+)$/m.exec(status)?.[1] ?? 0), 0);
}

test.skipIf(!isRoot)("gafferd's processes leave some of the user's limit to gafferd itself (needs root)", async () => {
  await withLimitedHost(async ({ client }, uid) => {
    await client.create({ name: "many", cmd: "sleep 600", numprocesses: 100 });
    const many = await waitFor(async () => {
      const status = await client.status("many");
      return status.state === "backoff" ? status : undefined;
    }, "the limit");
    expect(many.reason).toContain("too many processes are running");
    const [pid = 0] = await client.pids("many");
    const { os_pid } = await client.process(pid);
    // What a process starts leaves the same number.
    expect(readFileSync(`/proc/${os_pid}/limits`, "utf8")).toMatch(/^Max processes +53 +60 /m);
    expect(countTasks(uid)).toBeLessThanOrEqual(53);
    await waitFor(() => countTasks(uid) === 53, "all of what is not reserved");
  });
});

test.skipIf(!isRoot)("processes start when the limit is raised with prlimit (needs root)", async () => {
  await withLimitedHost(async ({ client, osPid }, uid) => {
    await client.create({ name: "many", cmd: "sleep 600", numprocesses: 60 });
    await waitFor(async () => (await client.status("many")).state === "backoff", "the limit");
    expect(await Bun.spawn([...asUser(uid), "prlimit", `--pid=${osPid}`, "--nproc=200:200"]).exited).toBe(0);
    await waitFor(async () => (await client.status("many")).running === 60, "all to run");
  }, 200);
});

test.skipIf(!isRoot)("a guardian that cannot fork stops all processes of a killed gafferd (needs root)", async () => {
  await withLimitedHost(async (host, uid) => {
    const { client } = host;
    const deaf = "trap '' TERM; setsid sleep 600 & exec sleep 600";
    await client.create({ name: "deaf", cmd: deaf, shell: true, numprocesses: 4, graceful_timeout: 0.5 });
    await client.create({ name: "other", cmd: "sleep 600", kill_mode: "group" });
    await waitFor(() => tasksNamed(uid, "sleep").length === 9, "the processes");
    const all = tasksNamed(uid, "sleep");
    const guardian = [...procEntries()].find(({ osPid, parentOsPid }) => {
      return (
        parentOsPid === host.osPid &&
        procStatOf(osPid)?.sessionId === osPid &&
        statusOf(osPid).startsWith("Name:\tsh\n")
      );
    })?.osPid;
    if (guardian === undefined) throw new Error("there is no guardian");
    expect(await Bun.spawn([...asUser(uid), "prlimit", `--pid=${guardian}`, "--nproc=1:1"]).exited).toBe(0);
    host.kill("SIGKILL");
    await waitFor(() => !all.some(lives) && !lives(guardian), "the end of all", 20_000);
  });
});

function tasksNamed(uid: number, name: string): number[] {
  return osPids()
    .map(Number)
    .filter((osPid) => statusOf(osPid).startsWith(`Name:\t${name}\n`) && statusOf(osPid).includes(`\nUid:\t${uid}\t`));
}
