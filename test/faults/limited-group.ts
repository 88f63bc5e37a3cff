import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownCgroup } from "../../src/process/own-cgroups.ts";
import { ownFolder } from "../process/cgroups.ts";
import { waitFor } from "../wait-for.ts";

type Controller = "memory" | "pids";

/** A cgroup with a limit. Dispose it when all of its processes have ended. */
export interface LimitedGroup extends AsyncDisposable {
  /** A command prefix that runs a program in the group. */
  readonly under: readonly string[];
  /** Moves a process into the group, even when it is full. */
  take(osPid: number): void;
}

/** Whether this process may limit what cgroups of `controller` use. Needs root. If not, warns with the reason. */
export function canLimit(controller: Controller): boolean {
  try {
    rmdirSync(createFolder(controller).path);
    return true;
  } catch (error) {
    console.warn(`tests of a full cgroup (${controller}) are skipped: ${String(error)}`);
    return false;
  }
}

/** A cgroup below the one of this process with a limit in bytes or processes. */
export function limitGroup(controller: Controller, limit: number): LimitedGroup {
  const { path, limitFile } = createFolder(controller);
  writeFileSync(limitFile, String(limit));
  return {
    under: ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', path],
    take: (osPid) => writeFileSync(`${path}/cgroup.procs`, String(osPid)),
    async [Symbol.asyncDispose]() {
      await waitFor(() => isRemoved(path), `the end of the processes in ${path}`);
    },
  };
}

/** Version 1 where it has the controller, otherwise version 2. Throws the reason why there can be no limit. */
function createFolder(controller: Controller): { path: string; limitFile: string } {
  const legacy = ownCgroup(controller);
  const parent = legacy === undefined ? ownFolder : join("/sys/fs/cgroup", controller, legacy);
  if (parent === undefined) throw new Error("there are no cgroups");
  if (legacy === undefined) enable(controller, parent);
  const path = join(parent, `gafferd-test-${controller}-${process.pid}`);
  mkdirSync(path);
  const limitFile = join(
    path,
    legacy !== undefined && controller === "memory" ? "memory.limit_in_bytes" : `${controller}.max`,
  );
  if (existsSync(limitFile)) return { path, limitFile };
  rmdirSync(path);
  throw new Error(`the cgroups in ${parent} have no ${limitFile}`);
}

/** In version 2, a cgroup that contains processes and is not the root refuses this, so that no limit is possible there. */
function enable(controller: Controller, parent: string): void {
  const available = readFileSync(join(parent, "cgroup.controllers"), "utf8").trim();
  if (!available.split(" ").includes(controller)) {
    throw new Error(`${parent} has no such controller; it has: ${available || "none"}`);
  }
  const enabled = readFileSync(join(parent, "cgroup.subtree_control"), "utf8").trim();
  if (!enabled.split(" ").includes(controller)) writeFileSync(join(parent, "cgroup.subtree_control"), `+${controller}`);
}

function isRemoved(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
