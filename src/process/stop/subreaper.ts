import { runInSlices } from "../../slices.ts";
import { libc } from "../libc.ts";
import { ownChildren } from "./descendants.ts";
import { isAlive, procStatOf } from "../proc-stat.ts";

/** Children that Bun waits for. Only Bun may reap them. */
const spawned = new Set<number>();
/** The start times of the other children that were zombies at the last check, by pid. */
let zombies = new Map<number, number>();
let timer: Timer | undefined;
let isReaping = false;
/** A child has exited since the list of children was read. */
let isDue = false;
let isReaper = false;
let hasInherited = false;

/** Bun reaps its own children in the next turn of its event loop. A zombie that is this old is not one of them. */
const reapAfterMs = 50;

/**
 * Makes gafferd a child subreaper: a process that loses its parent becomes a child of gafferd. `orphans` lists these
 * children, and gafferd reaps them. PID 1 gets them in any case. Returns false if the system does not support this.
 */
export function becomeSubreaper(): boolean {
  if (isReaper) return true;
  const { becomeSubreaper: become } = libc();
  if (become === undefined || become() !== 0) return false;
  isReaper = true;
  hasInherited = orphans().length > 0;
  process.on("SIGCHLD", scheduleReap);
  // Children may have exited before the handler was set.
  scheduleReap();
  return true;
}

/** Whether gafferd is a child subreaper. */
export function receivesOrphans(): boolean {
  return isReaper;
}

/** Whether gafferd already had children when it became a subreaper, for example because a shell started them before `exec`. */
export function hasInheritedChildren(): boolean {
  return hasInherited;
}

/** The children that gafferd did not spawn itself, including zombies. */
export function orphans(): number[] {
  return isReaper ? ownChildren().filter((osPid) => !spawned.has(osPid)) : [];
}

/** Registers a child that `Bun.spawn` started, until Bun has reaped it. */
export function trackSpawned({ pid, exited }: Pick<Bun.Subprocess, "pid" | "exited">): void {
  spawned.add(pid);
  void exited.then(() => spawned.delete(pid));
}

function scheduleReap(): void {
  isDue = true;
  if (!isReaping) timer ??= setTimeout(reapOrphans, reapAfterMs).unref();
}

/** Reaps orphans that were zombies at the last check too, in slices. Repeats as long as there are zombies. */
function reapOrphans(): void {
  timer = undefined;
  isReaping = true;
  isDue = false;
  const before = zombies;
  zombies = new Map();
  const children = orphansNow();
  runInSlices(
    () => {
      const osPid = children.pop();
      if (osPid !== undefined) tryReapOrphan(osPid, before);
      return children.length > 0;
    },
    () => {
      isReaping = false;
      if (isDue || zombies.size > 0) scheduleReap();
    },
  );
}

/** The same as `orphans`. If no file descriptor is free to read `/proc`, it is empty, and the next check is due. */
function orphansNow(): number[] {
  try {
    return orphans();
  } catch {
    isDue = true;
    return [];
  }
}

function tryReapOrphan(osPid: number, before: ReadonlyMap<number, number>): void {
  try {
    reapOrphan(osPid, before);
  } catch {
    isDue = true; // No file descriptor is free to read `/proc`.
  }
}

function reapOrphan(osPid: number, before: ReadonlyMap<number, number>): void {
  // During the slices, its pid may have been given to a child that Bun waits for.
  if (spawned.has(osPid)) return;
  const stat = procStatOf(osPid);
  if (stat?.state !== "Z" || isAlive(stat)) return;
  if (before.get(osPid) === stat.startTicks) libc().reap?.(osPid);
  else zombies.set(osPid, stat.startTicks);
}
