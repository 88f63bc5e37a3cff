import { hasGroupMembers } from "./group.ts";

/** The leaders of groups that outlived them and are to be stopped when gafferd ends. */
const leaders = new Set<number>();

/** Groups that were added and never looked at again; they are looked through when there are so many more. */
const pruneAt = { size: 256 };

/** Notes the group of a leader that has just been reaped, if it has other members: `kill_mode = process` left them. */
export function trackLeaderlessGroup(leader: number): void {
  if (!hasGroupMembers(leader)) return;
  leaders.add(leader);
  if (leaders.size < pruneAt.size) return;
  leaderlessGroups();
  pruneAt.size = Math.max(256, 2 * leaders.size);
}

/** Those that still have a member: as long as they do, no other process gets the leader's number. */
export function leaderlessGroups(): readonly number[] {
  for (const leader of leaders) if (!hasGroupMembers(leader)) leaders.delete(leader);
  return [...leaders];
}
