import { hasGroupMembers } from "./group.ts";

/** The ids of groups whose leader has exited. gafferd stops these groups when it stops itself. */
const leaders = new Set<number>();

/** Empty groups are removed when the set reaches this size. */
const pruneAt = { size: 256 };

/** Remembers the group of a leader that has just been reaped, if `kill_mode = process` left other members running. */
export function trackLeaderlessGroup(leader: number): void {
  if (!hasGroupMembers(leader)) return;
  leaders.add(leader);
  if (leaders.size < pruneAt.size) return;
  leaderlessGroups();
  pruneAt.size = Math.max(256, 2 * leaders.size);
}

/** The groups that still have members. While a group has a member, the kernel does not reuse the pid of its leader. */
export function leaderlessGroups(): readonly number[] {
  for (const leader of leaders) if (!hasGroupMembers(leader)) leaders.delete(leader);
  return [...leaders];
}
