import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { procEntries } from "../../../src/process/usage/proc-entries.ts";
import { procStatOf } from "../../../src/process/proc-stat.ts";
import { waitFor } from "../../wait-for.ts";
import { startHosted } from "../hosted.ts";
import { isRoot, lives } from "../observe.ts";

interface Exit {
  readonly term_signal: string | null;
  readonly survivors: readonly { os_pid: number; name: string; state: string }[];
}

const freezer = "/sys/fs/cgroup/freezer";
const canFreeze = isRoot && existsSync(`${freezer}/cgroup.procs`);

test("a suspended process gets the stop signal", async () => {
  await using hosted = await startHosted();
  const pid = await hosted.create({ name: "a", cmd: "sh -c 'echo $$; kill -STOP $$; exec sleep 600'" });
  const [osPid = 0] = await hosted.numbers(pid, 1);
  await waitFor(() => procStatOf(osPid)?.state === "T", "the process to stop itself");
  await hosted.ask("POST", "/processes/a/_stop");
  const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: Exit[] };
  expect(history).toMatchObject([{ term_signal: "SIGTERM", survivors: [] }]);
});

test("a process that ignores all signals is killed after the graceful timeout", async () => {
  await using hosted = await startHosted();
  const traps = `trap "" HUP INT QUIT TERM USR1 USR2 PIPE ALRM TSTP TTIN TTOU CHLD CONT`;
  const cmd = `sh -c '${traps}; echo $$; while :; do sleep 600; done'`;
  const pid = await hosted.create({ name: "a", cmd, graceful_timeout: 0.1 });
  await hosted.numbers(pid, 1);
  await hosted.ask("POST", "/processes/a/_stop");
  const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: Exit[] };
  expect(history).toMatchObject([{ term_signal: "SIGKILL", survivors: [] }]);
});

describe.skipIf(!isRoot)("a fork bomb of another user with a process limit (needs root)", () => {
  /** A user without zombies of an earlier test run, which the system may not have reaped yet. */
  const uid = 64_000 + (process.pid % 1000);
  const ofUser = () => [...procEntries()].filter(({ osPid }) => uidOf(osPid) === uid);

  test("is stopped completely, and gafferd stays responsive", async () => {
    await using hosted = await startHosted();
    // The user cannot read the directory of the tests.
    const bomb = await Bun.file(join(import.meta.dir, "../../fixtures/fork-bomb.pl")).text();
    const cmd = 'prlimit --nproc=60 perl -e "$BOMB"';
    await hosted.create({
      name: "a",
      cmd,
      env: { BOMB: bomb },
      uid,
      gid: uid,
      graceful_timeout: 0.1,
      redirect_output: [],
    });
    await waitFor(() => ofUser().length > 40, "the fork bomb to start");
    await hosted.ask("POST", "/processes/a/_stop");
    expect(ofUser()).toEqual([]);
  });
});

describe.skipIf(!canFreeze)("a process that SIGKILL does not end (needs root and the freezer of cgroup v1)", () => {
  test("is named in the log and in the history if it is a child of a process", async () => {
    await using hosted = await startHosted();
    const cmd = `sh -c 'setsid sleep 600 & echo $!; exec sleep 600'`;
    const [stray = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd, graceful_timeout: 0.1 }), 1);
    await using _ = freezeIn(stray);
    await hosted.ask("POST", "/processes/a/_stop");
    const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: Exit[] };
    expect(history).toMatchObject([{ survivors: [{ os_pid: stray, name: "sleep" }] }]);
    expect(hosted.gafferd.err()).toMatch(new RegExp(`a: SIGKILL did not end sleep \\(${stray}, state \\w\\)`));
  });

  test("does not keep gafferd from stopping if gafferd started it", async () => {
    await using hosted = await startHosted();
    const [osPid = 0] = await hosted.numbers(
      await hosted.create({ name: "a", cmd: "sh -c 'echo $$; exec sleep 600'", graceful_timeout: 0.1 }),
      1,
    );
    await using _ = freezeIn(osPid);
    hosted.gafferd.kill("SIGTERM");
    expect(await hosted.gafferd.exited).toBe(0);
    expect(hosted.gafferd.err()).toContain(`a: SIGKILL did not end sleep (${osPid}, state`);
  });
});

/** A process in this cgroup neither runs nor exits until it is thawed. */
function freezeIn(osPid: number): AsyncDisposable {
  const folder = `${freezer}/gafferd-test-${process.pid}-${osPid}`;
  mkdirSync(folder);
  writeFileSync(`${folder}/cgroup.procs`, String(osPid));
  writeFileSync(`${folder}/freezer.state`, "FROZEN");
  return {
    async [Symbol.asyncDispose]() {
      writeFileSync(`${folder}/freezer.state`, "THAWED");
      await waitFor(() => !lives(osPid), "the exit of the thawed process");
      await waitFor(() => {
        rmdirSync(folder);
        return true;
      }, "the folder to be free");
    },
  };
}

function uidOf(osPid: number): number | undefined {
  return statSync(`/proc/${osPid}`, { throwIfNoEntry: false })?.uid;
}
