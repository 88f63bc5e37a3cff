import { hasProc, isAlive, procStatOf, osPids } from "../proc-stat.ts";

/**
 * A process group whose leader has ended and was reaped. The kernel gives the leader's number to nobody while the group
 * has a member; so a process of that number proves that the group has been empty.
 */
interface LeaderlessGroup {
  readonly groupId: number;
  /** A member that was seen alive: while it lives nothing else needs to be looked at. */
  witness: string | undefined;
  /** The zombies that the last walk found, and nothing else. */
  zombies: string;
  /** Called once, when the group is empty. */
  readonly tell: () => void;
}

const [shortestSweepMs, longestSweepMs] = [5, 100];

/** All groups that are waited for. They are looked at together, so that many cost one walk through `/proc`. */
const waiting = new Map<number, LeaderlessGroup>();
let sweepMs = shortestSweepMs;
let timer: Timer | undefined;

/**
 * Resolves when nothing that lives is left of the group: zombies, which `kill` counts, do not live. To be asked once,
 * when the group's leader has ended.
 */
export function whenGroupEmpty(groupId: number): Promise<void> {
  if (!hasGroupMembers(groupId)) return Promise.resolve();
  return new Promise((resolve) => {
    waiting.set(groupId, { groupId, witness: undefined, zombies: "", tell: resolve });
    sweepSoon();
  });
}

/**
 * Sends a signal to what is left of a group that `whenGroupEmpty` waits for. One that is empty, or that nobody waits for
 * any more, is left in peace: its number may be somebody else's by now. False: not permitted.
 */
export function signalLeaderlessGroup(groupId: number, signalNumber: number): boolean {
  const group = waiting.get(groupId);
  if (group === undefined) return true;
  dismissIfEmpty([group]);
  return waiting.has(groupId) ? signalGroup(groupId, signalNumber) : true;
}

const rosterFreshMs = 20;
let roster: { readonly byGroup: ReadonlyMap<number, readonly number[]>; readonly readAtMs: number } | undefined;

/**
 * Those of a group that live; empty where there is no `/proc`. Groups that are asked for within 20 ms share one walk
 * through `/proc`. Throws GafferdError `overloaded`.
 */
export function groupMembers(groupId: number): readonly number[] {
  if (!hasProc) return [];
  if (roster === undefined || performance.now() - roster.readAtMs > rosterFreshMs) {
    roster = { byGroup: readGroups(), readAtMs: performance.now() };
  }
  return roster.byGroup.get(groupId) ?? [];
}

function readGroups(): ReadonlyMap<number, readonly number[]> {
  const byGroup = new Map<number, number[]>();
  for (const osPid of osPids()) {
    const groupId = livingGroupOf(osPid);
    if (groupId === undefined) continue;
    const members = byGroup.get(groupId);
    if (members === undefined) byGroup.set(groupId, [Number(osPid)]);
    else members.push(Number(osPid));
  }
  return byGroup;
}

/** Sends a signal to a group that has a member for certain, such as its leader, not reaped yet. False: not permitted. */
export function signalGroup(groupId: number, signalNumber: number): boolean {
  return signalOne(-groupId, signalNumber);
}

/** Sends a signal to a process that was not reaped yet. False: not permitted. */
export function signalOne(osPid: number, signalNumber: number): boolean {
  try {
    process.kill(osPid, signalNumber);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EPERM") return false;
    if (code !== "ESRCH") throw error; // ESRCH: gone this instant.
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
  dismissIfEmpty([...waiting.values()]);
  timer = undefined;
  if (waiting.size === 0) return;
  // However many groups there are, looking at them takes at most a fifth of the time.
  sweepMs = Math.max(Math.min(sweepMs * 2, longestSweepMs), 4 * (performance.now() - startMs));
  timer = setTimeout(sweep, sweepMs);
}

/** Tells those of `groups` that are empty, and no longer waits for them. */
function dismissIfEmpty(groups: readonly LeaderlessGroup[]): void {
  try {
    dismissEmpty(groups);
  } catch {
    // No descriptor is free to look into `/proc`. What was there at the last look counts as there.
  }
}

function dismissEmpty(groups: readonly LeaderlessGroup[]): void {
  const unsure = new Map<number, LeaderlessGroup>();
  for (const group of groups) {
    if (!hasGroupMembers(group.groupId)) dismiss(group);
    else if (hasProc && !isMember(group.witness, group.groupId)) unsure.set(group.groupId, group);
  }
  if (unsure.size > 0) for (const group of findWithoutWitness(unsure)) dismiss(group);
}

function dismiss(group: LeaderlessGroup): void {
  waiting.delete(group.groupId);
  group.tell();
}

/**
 * Walks through `/proc` and returns those of `unsure` in which nothing lives. A process that forks and ends faster than
 * the walk goes is not seen, nor is its child; but each leaves a zombie. So nothing lives only when a second walk finds
 * the same zombies, and nothing else.
 */
function findWithoutWitness(unsure: Map<number, LeaderlessGroup>): LeaderlessGroup[] {
  const found = new Map<LeaderlessGroup, string>();
  for (const osPid of osPids()) {
    const membership = procStatOf(osPid);
    if (membership === undefined || membership.groupId !== membership.sessionId) continue;
    const group = unsure.get(membership.groupId);
    if (group === undefined) continue;
    if (!isAlive(membership)) found.set(group, `${found.get(group) ?? ""} ${osPid}`);
    else {
      group.witness = osPid;
      unsure.delete(group.groupId);
      if (unsure.size === 0) break;
    }
  }
  return [...unsure.values()].filter((group) => {
    const before = group.zombies;
    group.zombies = found.get(group) ?? "";
    return group.zombies !== "" && group.zombies === before;
  });
}

/** Whether the kernel knows of a member, dead or alive, of a group whose leader was reaped. */
export function hasGroupMembers(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    return !hasProc || procStatOf(groupId) === undefined;
  } catch {
    return true; // See `dismissIfEmpty`.
  }
}

function isMember(osPid: string | undefined, groupId: number): boolean {
  return osPid !== undefined && livingGroupOf(osPid) === groupId;
}

/** The group of a living process, if its leader leads the session too, as the leader of ours does. */
function livingGroupOf(osPid: string): number | undefined {
  const membership = procStatOf(osPid);
  if (membership === undefined || !isAlive(membership)) return undefined;
  return membership.groupId === membership.sessionId ? membership.groupId : undefined;
}
