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
  readonly graceMs: number;
  /** SIGKILL follows when it resolves, whatever is left of the grace. */
  readonly killRequested: Promise<void>;
}

/**
 * Stops what the processes of all templates have left behind: what `kill_mode = process` spared, and what left its
 * session and dropped its environment, so that it belongs to no template. Call it when all templates have stopped. What is
 * configured to outlive gafferd stays, as does what might have come from that or was there before gafferd.
 */
export async function stopOrphans({ log, graceMs, killRequested }: StopOrphansOptions): Promise<void> {
  if (!receivesOrphans()) return;
  const escaped = new EscapedProcesses({ claim: claimLeft });
  escaped.note();
  if (escaped.osPids.length === 0) return;
  const describeAll = () => describeSurvivors(identify(escaped.osPids));
  log.warn(`stopping orphaned processes that belong to no template: ${describeAll()}`);
  const steps = [
    { signalNumber: terminate, waitMs: graceMs },
    { signalNumber: kill, waitMs: killedMs },
  ];
  const signal = (signalNumber: number) => escaped.signal(signalNumber);
  void killRequested.then(() => signal(kill));
  const isGone = await stopTarget(steps, { signal, emptied: escaped.whenGone() });
  if (!isGone) log.warn(`SIGKILL did not end ${describeAll()}; gafferd no longer waits for it`);
}

function claimLeft({ byMarker, bySession }: OrphanSnapshot): number[] {
  const markers = [...byMarker.keys()].filter((marker) => marker.startsWith(markerPrefixOf("end")));
  const marked = markers.flatMap((marker) => byMarker.get(marker) ?? []);
  const inLeftGroups = leaderlessGroups().flatMap((leader) => bySession.get(leader) ?? []);
  const areUnmarkedOurs = !hasKeptProcess() && !hasInheritedChildren();
  return [...marked, ...inLeftGroups, ...(areUnmarkedOurs ? (byMarker.get(unmarked) ?? []) : [])];
}
