import { runInSlices } from "../../slices.ts";
import { libc } from "../libc.ts";
import { ownChildren } from "./descendants.ts";
import { procStatOf } from "../proc-stat.ts";

interface Zombie {
  /** The pid and the start time identify a process. */
  readonly startTicks: number;
  readonly seenAtMs: number;
}

/** Children that Bun waits for. Only Bun may reap them. */
const spawned = new Set<number>();
/** The zombies of the last round that may be children of Bun, by pid. */
let zombies = new Map<number, Zombie>();
let timer: Timer | undefined;
let isReaping = false;
/** A child has exited since the list of children was read. */
let isDue = false;
let isReaper = false;
let hasInherited = false;

/** Bun reaps its own children in the next turn of its event loop. A zombie that is this old is not one of them. */
const bunReapsWithinMs = 50;
/** The pause between two rounds. */
const [shortestPauseMs, longestPauseMs] = [20, 100];
let pauseMs = shortestPauseMs;

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

/** Calls `listener` after an orphan was reaped: from then on, another process may get its pid. */
export function onOrphanReaped(listener: (osPid: number) => void): void {
  reapListeners.push(listener);
}

const reapListeners: ((osPid: number) => void)[] = [];

/** Registers a child that `Bun.spawn` started, until Bun has reaped it. */
export function trackSpawned({ pid, exited }: Pick<Bun.Subprocess, "pid" | "exited">): void {
  spawned.add(pid);
  void exited.then(() => spawned.delete(pid));
}

function scheduleReap(): void {
  isDue = true;
  if (!isReaping) timer ??= setTimeout(reapOrphans, pauseMs).unref();
}

/** Reaps orphans in slices. Repeats as long as there are zombies. */
function reapOrphans(): void {
  const startMs = performance.now();
  timer = undefined;
  isReaping = true;
  isDue = false;
  const before = zombies;
  zombies = new Map();
  const children = tryUnlessOverloaded(orphans) ?? [];
  runInSlices(
    () => {
      const osPid = children.pop();
      if (osPid !== undefined) tryUnlessOverloaded(() => reapOrphan(osPid, before));
      return children.length > 0;
    },
    () => {
      isReaping = false;
      // However many children there are, the rounds take at most a fifth of the time.
      pauseMs = Math.min(Math.max(shortestPauseMs, 4 * (performance.now() - startMs)), longestPauseMs);
      if (isDue) scheduleReap();
      else if (zombies.size > 0) timer ??= setTimeout(reapOrphans, bunReapsWithinMs).unref();
    },
  );
}

/** If no file descriptor is free to read `/proc`, the next round tries again. */
function tryUnlessOverloaded<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    isDue = true;
    return undefined;
  }
}

function reapOrphan(osPid: number, before: ReadonlyMap<number, Zombie>): void {
  // During the slices, its pid may have been given to a child that Bun waits for.
  if (spawned.has(osPid) || libc().isZombie?.(osPid) !== true) return;
  if (isChildOfAnother(osPid)) return reap(osPid);
  const stat = procStatOf(osPid);
  if (stat === undefined) return;
  const nowMs = performance.now();
  const seen = before.get(osPid);
  const zombie = seen?.startTicks === stat.startTicks ? seen : { startTicks: stat.startTicks, seenAtMs: nowMs };
  if (nowMs - zombie.seenAtMs >= bunReapsWithinMs) reap(osPid);
  else zombies.set(osPid, zombie);
}

function reap(osPid: number): void {
  libc().reap?.(osPid);
  for (const listener of reapListeners) listener(osPid);
}

/**
 * Whether Bun cannot have spawned this child, so that only gafferd reaps it. What Bun spawns is in gafferd's session or
 * leads its own, and no process can join another session.
 */
export function isChildOfAnother(osPid: number): boolean {
  const { sessionOf } = libc();
  ownSession ??= sessionOf?.(0);
  const session = sessionOf?.(osPid);
  return session !== osPid && session !== ownSession;
}

let ownSession: number | undefined;
