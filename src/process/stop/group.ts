import { existsSync } from "node:fs";
import { addToMultimap } from "../multimap.ts";
import { libc } from "../libc.ts";
import { hasProc, isAlive, procStatOf, osPids } from "../proc-stat.ts";

/**
 * A process group whose leader has exited and was reaped. The kernel does not reuse the leader's pid while the group has a
 * member, so a process with that pid proves that the group has been empty.
 */
interface LeaderlessGroup {
  readonly groupId: number;
  /** The pid of a running member. While it runs, no other process needs to be checked. */
  knownMember: string | undefined;
  /** The pids of the zombies that the last scan found. Empty if it found running members. */
  zombies: string;
  /** Called once, when the group is empty. */
  readonly onEmpty: () => void;
}

const [shortestSweepMs, longestSweepMs] = [5, 100];

/** The groups that `whenGroupEmpty` waits for. One scan of `/proc` checks all of them. */
const waiting = new Map<number, LeaderlessGroup>();
let sweepMs = shortestSweepMs;
let timer: Timer | undefined;

/**
 * Resolves when the group has no running member; undefined if it has none now. Zombies, which `kill` counts as members, do
 * not count as running. Call once, in the turn in which the leader of the group was reaped: if the group is empty, another
 * process may get its id soon.
 */
export function whenGroupEmpty(groupId: number): Promise<void> | undefined {
  if (!hasGroupMembers(groupId)) return undefined;
  return new Promise((resolve) => {
    waiting.set(groupId, { groupId, knownMember: undefined, zombies: "", onEmpty: resolve });
    sweepSoon();
  });
}

/**
 * Sends a signal to a group that `whenGroupEmpty` waits for. Does nothing if the group is empty or not waited for, because
 * its id may belong to another group by then. Returns false if the signal is not permitted.
 */
export function signalLeaderlessGroup(groupId: number, signalNumber: number): boolean {
  const group = waiting.get(groupId);
  if (group === undefined) return true;
  if (hasGroupMembers(groupId)) return signalGroup(groupId, signalNumber);
  resolveGroup(group);
  return true;
}

const membersCacheMs = 20;
let membersCache: { readonly byGroup: ReadonlyMap<number, readonly string[]>; readonly readAtMs: number } | undefined;

/**
 * The running members of a group. Calls within 20 ms share one scan of `/proc`. Empty if the system has no `/proc`. Throws
 * GafferdError `overloaded`.
 */
export function groupMembers(groupId: number): readonly number[] {
  if (!hasProc) return [];
  if (membersCache === undefined || performance.now() - membersCache.readAtMs > membersCacheMs) {
    membersCache = { byGroup: readGroups(), readAtMs: performance.now() };
  }
  const found = membersCache.byGroup.get(groupId) ?? [];
  return found.filter((osPid) => runningGroupOf(osPid) === groupId).map(Number);
}

/** The pids of all groups, including zombies. */
function readGroups(): ReadonlyMap<number, readonly string[]> {
  const { groupOf } = libc();
  const byGroup = new Map<number, string[]>();
  for (const osPid of osPids()) {
    const groupId = groupOf?.(Number(osPid)) ?? -1;
    if (groupId > 0) addToMultimap(byGroup, groupId, osPid);
  }
  return byGroup;
}

/** Sends a signal to a group that has a member, such as a leader that is not reaped. Returns false if not permitted. */
export function signalGroup(groupId: number, signalNumber: number): boolean {
  return signalOne(-groupId, signalNumber);
}

/** Sends a signal to a process that is not reaped. Returns false if not permitted. */
export function signalOne(osPid: number, signalNumber: number): boolean {
  try {
    process.kill(osPid, signalNumber);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EPERM") return false;
    if (code !== "ESRCH") throw error; // ESRCH: the process has just exited.
  }
  return true;
}

function sweepSoon(): void {
  if (timer !== undefined && sweepMs === shortestSweepMs) return;
  clearTimeout(timer);
  sweepMs = shortestSweepMs;
  timer = setTimeout(sweep, sweepMs);
}

function sweep(): void {
  const startMs = performance.now();
  tryResolveEmpty([...waiting.values()]);
  timer = undefined;
  if (waiting.size === 0) return;
  // However many groups there are, the scans take at most a fifth of the time.
  sweepMs = Math.max(Math.min(sweepMs * 2, longestSweepMs), 4 * (performance.now() - startMs));
  timer = setTimeout(sweep, sweepMs);
}

/** Resolves the waits for those of `groups` that are empty. */
function tryResolveEmpty(groups: readonly LeaderlessGroup[]): void {
  try {
    resolveEmpty(groups);
  } catch {
    // No file descriptor is free to read `/proc`. The groups count as non-empty until the next sweep.
  }
}

function resolveEmpty(groups: readonly LeaderlessGroup[]): void {
  const unconfirmed = new Map<number, LeaderlessGroup>();
  for (const group of groups) {
    if (!hasGroupMembers(group.groupId)) resolveGroup(group);
    else if (hasProc && !isMember(group.knownMember, group.groupId)) unconfirmed.set(group.groupId, group);
  }
  if (unconfirmed.size > 0) for (const group of findEmpty(unconfirmed)) resolveGroup(group);
}

function resolveGroup(group: LeaderlessGroup): void {
  waiting.delete(group.groupId);
  group.onEmpty();
}

/**
 * Scans `/proc` and returns those of `unconfirmed` that have no running member. The scan can miss a process that forks and
 * exits while it runs, and the child of that process; but the process leaves a zombie. So a group is empty only if two
 * scans in a row find the same zombies and no running member.
 */
function findEmpty(unconfirmed: Map<number, LeaderlessGroup>): LeaderlessGroup[] {
  const { groupOf, isZombie } = libc();
  const found = new Map<LeaderlessGroup, string>();
  for (const osPid of osPids()) {
    // A read from `/proc` takes twenty times as long as these calls, and there may be thousands of other processes.
    const group = unconfirmed.get(groupOf?.(Number(osPid)) ?? -1);
    if (group === undefined) continue;
    const stat = isZombie?.(Number(osPid)) === true ? undefined : procStatOf(osPid);
    if (stat === undefined || !isAlive(stat)) found.set(group, `${found.get(group) ?? ""} ${osPid}`);
    else if (stat.groupId === group.groupId && stat.sessionId === group.groupId) {
      group.knownMember = osPid;
      unconfirmed.delete(group.groupId);
      if (unconfirmed.size === 0) break;
    }
  }
  return [...unconfirmed.values()].filter((group) => {
    const before = group.zombies;
    group.zombies = found.get(group) ?? "";
    return group.zombies !== "" && group.zombies === before;
  });
}

/** Whether the kernel has a member, running or zombie, of a group whose leader was reaped. */
export function hasGroupMembers(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !hasProc || !existsSync(`/proc/${groupId}`);
}

function isMember(osPid: string | undefined, groupId: number): boolean {
  return osPid !== undefined && runningGroupOf(osPid) === groupId;
}

/** The group of a running process, if the group leader also leads the session, as in every group that gafferd starts. */
function runningGroupOf(osPid: string): number | undefined {
  const stat = procStatOf(osPid);
  if (stat === undefined || !isAlive(stat)) return undefined;
  return stat.groupId === stat.sessionId ? stat.groupId : undefined;
}
