import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { waitFor } from "../wait-for.ts";

/** A cgroup (version 1) with a limit. Dispose it when all of its processes have ended. */
export interface LimitedGroup extends AsyncDisposable {
  /** A command prefix that runs a program in the group. */
  readonly under: readonly string[];
  /** Moves a process into the group, even when it is full. */
  take(osPid: number): void;
}

/** Whether this process may limit what cgroups of `controller` use. Needs root and cgroup v1. If not, warns with the reason. */
export function canLimit(controller: "memory" | "pids"): boolean {
  try {
    const path = createFolder(controller);
    rmdirSync(path);
    return true;
  } catch (error) {
    console.warn(`tests of a full cgroup (${controller}) are skipped: ${String(error)}`);
    return false;
  }
}

/** A cgroup below the one of this process, with `limit` written to its file `file`. */
export function limitGroup(controller: "memory" | "pids", file: string, limit: number): LimitedGroup {
  const path = createFolder(controller);
  writeFileSync(`${path}/${file}`, String(limit));
  return {
    under: ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', path],
    take: (osPid) => writeFileSync(`${path}/cgroup.procs`, String(osPid)),
    async [Symbol.asyncDispose]() {
      await waitFor(() => isRemoved(path), `the end of the processes in ${path}`);
    },
  };
}

function createFolder(controller: string): string {
  const own = new RegExp(`^\\d+:${controller}:(/.*)$`, "m").exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  if (own === undefined) throw new Error(`there is no cgroup of version 1 for ${controller}`);
  const path = `/sys/fs/cgroup/${controller}${own === "/" ? "" : own}/gafferd-test-${process.pid}`;
  mkdirSync(path);
  return path;
}

function isRemoved(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
