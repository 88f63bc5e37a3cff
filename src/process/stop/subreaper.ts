import { libc } from "../libc.ts";
import { ownChildren } from "./descendants.ts";
import { procStatOf } from "../proc-stat.ts";

/** Those that Bun waits for: only it may take their exit status. */
const spawned = new Set<number>();
/** Other children that had ended at the last look, with the time they began. */
let ended = new Map<number, number>();
let timer: Timer | undefined;
let isReaper = false;
let hasInherited = false;

/** Bun takes the status of a child of its own as soon as its loop turns; what is still there after so long is nobody's. */
const unclaimedMs = 250;

/**
 * From now on what loses its parents becomes a child of this program, in which `orphans` finds it, and is reaped when it
 * ends. PID 1 has these children anyway. False: this system cannot.
 */
export function becomeSubreaper(): boolean {
  if (isReaper) return true;
  const { becomeSubreaper: become } = libc();
  if (become === undefined || become() !== 0) return false;
  isReaper = true;
  hasInherited = orphans().length > 0;
  process.on("SIGCHLD", lookSoon);
  // What has ended before that.
  lookSoon();
  return true;
}

/** Whether what loses its parents comes to this program. */
export function receivesOrphans(): boolean {
  return isReaper;
}

/** Whether there were children that it did not spawn when it became a subreaper, such as those of the shell it was before. */
export function hasInheritedChildren(): boolean {
  return hasInherited;
}

/** The children that this program did not spawn itself, dead or alive. */
export function orphans(): number[] {
  return isReaper ? ownChildren().filter((osPid) => !spawned.has(osPid)) : [];
}

/** Notes a child that `Bun.spawn` started, until Bun has reaped it. */
export function trackSpawned({ pid, exited }: Pick<Bun.Subprocess, "pid" | "exited">): void {
  spawned.add(pid);
  void exited.then(() => spawned.delete(pid));
}

function lookSoon(): void {
  timer ??= setTimeout(reapUnclaimed, unclaimedMs).unref();
}

/** Reaps what had ended at the last look too; goes on as long as there is something that has ended. */
function reapUnclaimed(): void {
  timer = undefined;
  const before = ended;
  ended = new Map();
  for (const osPid of orphans()) {
    const membership = procStatOf(osPid);
    if (membership?.state !== "Z") continue;
    if (before.get(osPid) === membership.startTicks) libc().reap?.(osPid);
    else ended.set(osPid, membership.startTicks);
  }
  if (ended.size > 0) lookSoon();
}
