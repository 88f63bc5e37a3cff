import type { Logger } from "../../log.ts";
import { leftGroups } from "./left-groups.ts";
import { hasKept, markersOf } from "./marker.ts";
import { stopTarget } from "./stop.ts";
import { Strays, type Survey, unmarked } from "./strays.ts";
import { hasInheritedChildren, receivesOrphans } from "./subreaper.ts";
import { describeSurvivors, identify } from "./survivors.ts";

const [terminate, kill] = [15, 9];
const killedMs = 500;

export interface LeftBehindOptions {
  readonly log: Logger;
  readonly graceMs: number;
  /** SIGKILL follows when it resolves, whatever is left of the grace. */
  readonly hastened: Promise<void>;
}

/**
 * Stops what the processes of all templates have left behind: what `kill_mode = process` spared, and what left its
 * session and dropped its environment, so that it belongs to no template. Call it when all templates have stopped. What is
 * configured to outlive gafferd stays, as does what might have come from that or was there before gafferd.
 */
export async function stopLeftBehind({ log, graceMs, hastened }: LeftBehindOptions): Promise<void> {
  if (!receivesOrphans()) return;
  const strays = new Strays({ claim: claimLeft });
  strays.note();
  if (strays.osPids.length === 0) return;
  const describeAll = () => describeSurvivors(identify(strays.osPids));
  log.warn(`stopping what processes have left behind: ${describeAll()}`);
  const steps = [
    { signalNumber: terminate, waitMs: graceMs },
    { signalNumber: kill, waitMs: killedMs },
  ];
  const signal = (signalNumber: number) => strays.signal(signalNumber);
  void hastened.then(() => signal(kill));
  const isGone = await stopTarget(steps, { signal, emptied: strays.whenGone() });
  if (!isGone) log.warn(`SIGKILL did not end ${describeAll()}; gafferd leaves it behind`);
}

function claimLeft({ byMarker, bySession }: Survey): number[] {
  const markers = [...byMarker.keys()].filter((marker) => marker.startsWith(markersOf("end")));
  const marked = markers.flatMap((marker) => byMarker.get(marker) ?? []);
  const inLeftGroups = leftGroups().flatMap((leader) => bySession.get(leader) ?? []);
  const areUnmarkedOurs = !hasKept() && !hasInheritedChildren();
  return [...marked, ...inLeftGroups, ...(areUnmarkedOurs ? (byMarker.get(unmarked) ?? []) : [])];
}
