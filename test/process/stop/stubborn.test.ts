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

test("a process that has stopped itself hears the stop signal", async () => {
  await using hosted = await startHosted();
  const pid = await hosted.create({ name: "a", cmd: "sh -c 'echo $$; kill -STOP $$; exec sleep 600'" });
  const [osPid = 0] = await hosted.numbers(pid, 1);
  await waitFor(() => procStatOf(osPid)?.state === "T", "the process to stop itself");
  await hosted.ask("POST", "/processes/a/_stop");
  const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: Exit[] };
  expect(history).toMatchObject([{ term_signal: "SIGTERM", survivors: [] }]);
});

test("a process that ignores what can be ignored is gone after its grace", async () => {
  await using hosted = await startHosted();
  const traps = `trap "" HUP INT QUIT TERM USR1 USR2 PIPE ALRM TSTP TTIN TTOU CHLD CONT`;
  const cmd = `sh -c '${traps}; echo $$; while :; do sleep 600; done'`;
  const pid = await hosted.create({ name: "a", cmd, graceful_timeout: 0.1 });
  await hosted.numbers(pid, 1);
  await hosted.ask("POST", "/processes/a/_stop");
  const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: Exit[] };
  expect(history).toMatchObject([{ term_signal: "SIGKILL", survivors: [] }]);
});

describe.skipIf(!isRoot)("a fork bomb of another user, who may have so many processes (needs root)", () => {
  /** One whose zombies of an earlier run, which the system did not reap yet, do not count. */
  const uid = 64_000 + (process.pid % 1000);
  const ofUser = () => [...procEntries()].filter(({ osPid }) => uidOf(osPid) === uid);

  test("is stopped to the last process, and gafferd serves on meanwhile", async () => {
    await using hosted = await startHosted();
    // The user may not read where the tests are.
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
    await waitFor(() => ofUser().length > 40, "the bomb to go off");
    await hosted.ask("POST", "/processes/a/_stop");
    expect(ofUser()).toEqual([]);
  });
});

describe.skipIf(!canFreeze)("what SIGKILL does not end (needs root and the freezer of cgroup v1)", () => {
  test("is named in the log and in the history when it is of what a process started", async () => {
    await using hosted = await startHosted();
    const cmd = `sh -c 'setsid sleep 600 & echo $!; exec sleep 600'`;
    const [stray = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd, graceful_timeout: 0.1 }), 1);
    await using _ = freezeIn(stray);
    await hosted.ask("POST", "/processes/a/_stop");
    const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: Exit[] };
    expect(history).toMatchObject([{ survivors: [{ os_pid: stray, name: "sleep" }] }]);
    expect(hosted.gafferd.err()).toMatch(new RegExp(`a: SIGKILL did not end sleep \\(${stray}, state \\w\\)`));
  });

  test("does not keep gafferd from stopping when it is a process of its own", async () => {
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

/** A process in it neither runs nor dies until it is thawed. */
function freezeIn(osPid: number): AsyncDisposable {
  const folder = `${freezer}/gafferd-test-${process.pid}-${osPid}`;
  mkdirSync(folder);
  writeFileSync(`${folder}/cgroup.procs`, String(osPid));
  writeFileSync(`${folder}/freezer.state`, "FROZEN");
  return {
    async [Symbol.asyncDispose]() {
      writeFileSync(`${folder}/freezer.state`, "THAWED");
      await waitFor(() => !lives(osPid), "the end of what was thawed");
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
