import { procStatOf } from "../../src/process/proc-stat.ts";
import { procEntries } from "../../src/process/usage/proc-entries.ts";
import type { ProcessEntry } from "../../src/process/usage/process-entry.ts";
import { waitFor } from "../wait-for.ts";

/** A real process in its own process group. The group is killed at the end of the test. */
export interface Spawned extends AsyncDisposable {
  readonly osPid: number;
  /** Writes a line, for which a `read` in the script waits. */
  goOn(): void;
  /** Resolves when it has exited and was reaped. */
  kill(): Promise<void>;
}

export function spawn(...cmd: string[]): Spawned {
  const spawned = Bun.spawn(cmd, { stdin: "pipe", stdout: "ignore", stderr: "ignore", detached: true });
  const kill = async () => {
    try {
      process.kill(-spawned.pid, "SIGKILL");
    } catch {
      // The group has already exited.
    }
    await spawned.exited;
  };
  return {
    osPid: spawned.pid,
    goOn: () => void spawned.stdin.write("\n"),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

export const shell = (script: string): Spawned => spawn("sh", "-c", script);

/** The current entry of a process in `/proc`. */
export function entryOf(osPid: number): ProcessEntry {
  const entry = procEntries().find((each) => each.osPid === osPid);
  if (entry === undefined) throw new Error(`process ${osPid} is not running`);
  return entry;
}

/** Resolves when the process has executed another program. `name` is its `/proc/PID/comm`. */
export async function becomes(osPid: number, name: string): Promise<void> {
  // `Bun.spawn` can return during the exec, when the process has its name but neither arguments nor a stack.
  await waitFor(() => entryOf(osPid).name === name && entryOf(osPid).image !== 0, `the exec of ${name}`);
}

/** The first zombie child of a process. */
export async function zombieOf(parentOsPid: number): Promise<number> {
  const file = Bun.file(`/proc/${parentOsPid}/task/${parentOsPid}/children`);
  return await waitFor(async () => {
    const children = (await file.text()).trim().split(" ").filter(Boolean);
    return Number(children.find((osPid) => procStatOf(osPid)?.state === "Z"));
  }, "a zombie");
}
