import { procStatOf } from "../../src/process/proc-stat.ts";
import { procEntries } from "../../src/process/usage/proc-entries.ts";
import type { ProcessEntry } from "../../src/process/usage/process-entry.ts";
import { waitFor } from "../wait-for.ts";

/** A real process that goes with the test, in a group of its own with all that it starts. */
export interface Spawned extends AsyncDisposable {
  readonly osPid: number;
  /** Lets what `read` in the script waits for go on. */
  goOn(): void;
  /** Resolves when it is gone and reaped. */
  kill(): Promise<void>;
}

export function spawn(...cmd: string[]): Spawned {
  const spawned = Bun.spawn(cmd, { stdin: "pipe", stdout: "ignore", stderr: "ignore", detached: true });
  const kill = async () => {
    try {
      process.kill(-spawned.pid, "SIGKILL");
    } catch {
      // It was gone before, as were its children.
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

/** What `/proc` says of it now. */
export function entryOf(osPid: number): ProcessEntry {
  const entry = procEntries().find((each) => each.osPid === osPid);
  if (entry === undefined) throw new Error(`process ${osPid} does not live`);
  return entry;
}

/** Resolves when the process has become another program; `name` is that of `/proc/PID/comm`. */
export async function becomes(osPid: number, name: string): Promise<void> {
  // In the midst of its exec, when `Bun.spawn` may return already, a process has its name but neither words nor a stack.
  await waitFor(() => entryOf(osPid).name === name && entryOf(osPid).image !== 0, `the exec of ${name}`);
}

/** The first child of it that is a zombie. */
export async function zombieOf(parentOsPid: number): Promise<number> {
  const file = Bun.file(`/proc/${parentOsPid}/task/${parentOsPid}/children`);
  return await waitFor(async () => {
    const children = (await file.text()).trim().split(" ").filter(Boolean);
    return Number(children.find((osPid) => procStatOf(osPid)?.state === "Z"));
  }, "a zombie");
}
