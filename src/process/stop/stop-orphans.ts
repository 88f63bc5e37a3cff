import type { Logger } from "../../log.ts";
import { leaderlessGroups } from "./leaderless-groups.ts";
import { hasKeptProcess, markerPrefixOf } from "./marker.ts";
import { stopTarget } from "./stop.ts";
import { EscapedProcesses, type OrphanSnapshot, unmarked } from "./escaped-processes.ts";
import { hasInheritedChildren, receivesOrphans } from "./subreaper.ts";
import { describeSurvivors, identify } from "./survivors.ts";

const [terminate, kill] = [15, 9];
const killedMs = 500;

export interface StopOrphansOptions {
  readonly log: Logger;
  /** The time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** When this resolves, SIGKILL is sent at once. */
  readonly killRequested: Promise<void>;
}

/**
 * Stops orphaned processes that belong to no template: those that `kill_mode = process` left running, and those that left
 * their session and cleared their environment. Call it after all templates have stopped. It does not stop processes that
 * are configured to keep running, that might descend from such a process, or that are older than gafferd.
 */
export async function stopOrphans({ log, graceMs, killRequested }: StopOrphansOptions): Promise<void> {
  if (!receivesOrphans()) return;
  const escaped = new EscapedProcesses({ select: selectOrphans });
  escaped.refresh();
  if (escaped.osPids.length === 0) return;
  const describeAll = () => describeSurvivors(identify(escaped.osPids));
  log.warn(`stopping orphaned processes that belong to no template: ${describeAll()}`);
  const steps = [
    { signalNumber: terminate, waitMs: graceMs },
    { signalNumber: kill, waitMs: killedMs },
  ];
  const signal = (signalNumber: number) => escaped.signal(signalNumber);
  void killRequested.then(() => signal(kill));
  const haveExited = await stopTarget(steps, { signal, emptied: escaped.whenGone() });
  if (!haveExited) log.warn(`SIGKILL did not end ${describeAll()}; gafferd no longer waits for it`);
}

function selectOrphans({ byMarker, bySession }: OrphanSnapshot): number[] {
  const markers = [...byMarker.keys()].filter((marker) => marker.startsWith(markerPrefixOf("end")));
  const marked = markers.flatMap((marker) => byMarker.get(marker) ?? []);
  const inGroups = leaderlessGroups().flatMap((leader) => bySession.get(leader) ?? []);
  const includeUnmarked = !hasKeptProcess() && !hasInheritedChildren();
  return [...marked, ...inGroups, ...(includeUnmarked ? (byMarker.get(unmarked) ?? []) : [])];
}
