import { accessSync, constants, existsSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../log.ts";
import { messageOf } from "../../reason.ts";
import { ownCgroup } from "../own-cgroups.ts";
import { isStillRunning, procStatOf } from "../proc-stat.ts";
import { Cgroup, clearCgroup, foldersIn, processesIn, removeCgroup } from "./cgroup.ts";
import { describeSurvivors, identify } from "./survivors.ts";

/** The directory that contains the cgroups of all processes of this gafferd. Undefined if there are no cgroups. */
let folder: string | undefined;

/** Set to `off`, it makes gafferd work as on a system without cgroups. For tests. */
const switchVariable = "GAFFERD_CGROUPS";

export interface CgroupsOptions {
  /** A gafferd that was killed is succeeded by one with the same `state_dir`. */
  readonly stateDir: string;
  readonly log: Logger;
}

/**
 * From now on, each process gets a cgroup of its own, if gafferd may create directories below its own cgroup (v2). No
 * controllers are needed. Otherwise gafferd finds processes only by their group, session, parent and environment.
 */
export function useCgroups({ stateDir, log }: CgroupsOptions): void {
  try {
    const parent = findOwnCgroup();
    if (process.env[switchVariable] === "off" || parent === undefined) throw new Error("there is no cgroup v2");
    // The kernel asks for this when a process moves between two cgroups below it.
    accessSync(join(parent, "cgroup.procs"), constants.W_OK);
    const path = join(parent, nameOf({ osPid: process.pid, startTicks: procStatOf("self")?.startTicks, stateDir }));
    if (!existsSync(path)) mkdirSync(path);
    if (existsSync(join(path, "cgroup.kill"))) folder = path;
    else removeCgroup(path);
  } catch (error) {
    log.debug(`processes get no cgroups: ${messageOf(error)}`);
  }
}

/** The directory that contains the cgroups of all processes. Undefined if there are no cgroups. */
export function cgroupFolder(): string | undefined {
  return folder;
}

/**
 * Creates the cgroup of a process of the template `name`. Undefined if there are no cgroups, or after a warning if it cannot
 * be created.
 */
export function createCgroup(marker: string, { name, log }: { name: string; log: Logger }): Cgroup | undefined {
  if (folder === undefined) return undefined;
  try {
    return new Cgroup(join(folder, marker));
  } catch (error) {
    log.warn(`${name}: cannot create a cgroup: ${messageOf(error)}; the next process runs without one`);
    return undefined;
  }
}

/** Removes the directory of this gafferd when all processes have exited. Processes that keep running keep theirs. */
export function closeCgroups(): void {
  if (folder !== undefined) removeCgroup(folder);
}

/**
 * Kills what a killed gafferd with the same `state_dir` left in its cgroups, and removes these. Call it when the processes
 * have had their grace periods. Those with `on_host_exit = keep` keep running. Of a killed gafferd with another `state_dir`
 * it removes the empty cgroups.
 */
export async function clearDeadCgroups({ stateDir, log }: CgroupsOptions): Promise<void> {
  const parent = findOwnCgroup();
  if (folder === undefined || parent === undefined) return;
  for (const name of foldersIn(parent)) {
    const owner = ownerOf(name);
    if (owner === undefined || !isDead(owner)) continue;
    const dead = join(parent, name);
    for (const run of foldersIn(dead)) {
      const path = join(dead, run);
      if (removeCgroup(path) || !run.includes("-end.") || owner.state !== keyOf(stateDir)) continue;
      const left = identify(processesIn(path));
      if (left.length > 0) log.warn(`killing what a gafferd that was killed left: ${describeSurvivors(left)}`);
      await clearCgroup(path);
    }
    removeCgroup(dead);
  }
}

/** The gafferd that a directory belongs to. */
interface Owner {
  /** The key of its `state_dir`. */
  readonly state: string;
  readonly osPid: number;
  readonly startTicks: number;
}

/** Two daemons have different names, and so have a daemon and an earlier one with the same pid. */
function nameOf({ osPid, startTicks, stateDir }: { osPid: number; startTicks: number | undefined; stateDir: string }) {
  return `gafferd-${pidNamespace()}_${keyOf(stateDir)}-${osPid}-${startTicks}`;
}

function ownerOf(name: string): Owner | undefined {
  const [, namespace, state, osPid, startTicks] = /^gafferd-([^_]+)_(\w+)-(\d+)-(\d+)$/.exec(name) ?? [];
  // A process of another pid namespace cannot be checked from here.
  if (namespace !== pidNamespace() || state === undefined) return undefined;
  return { state, osPid: Number(osPid), startTicks: Number(startTicks) };
}

function keyOf(stateDir: string): string {
  return Bun.hash(stateDir).toString(36);
}

function pidNamespace(): string {
  return Number(/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0]).toString(36);
}

/** Whether the gafferd has exited. A process that `/proc` hides from this user (`hidepid`) may be that gafferd. */
function isDead(owner: Owner): boolean {
  return !isStillRunning(owner) && (procStatOf(owner.osPid) !== undefined || !exists(owner.osPid));
}

function exists(osPid: number): boolean {
  try {
    process.kill(osPid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The directory of the cgroup (v2) that gafferd runs in. Undefined if none is mounted. */
function findOwnCgroup(): string | undefined {
  const path = ownCgroup();
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const [, , , root, mountPoint] = mounts.find((line) => line.includes(" - cgroup2 "))?.split(" ") ?? [];
  if (path === undefined || root === undefined || mountPoint === undefined) return undefined;
  const below = root === "/" ? path : path.slice(root.length);
  const isVisible = root === "/" || path === root || path.startsWith(`${root}/`);
  return isVisible && !path.includes("/..") ? join(mountPoint, below) : undefined;
}
