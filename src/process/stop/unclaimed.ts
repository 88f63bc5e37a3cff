import type { Logger } from "../../log.ts";
import { hasKept } from "./marker.ts";
import { climb } from "./stop.ts";
import { Strays, unmarked } from "./strays.ts";
import { hasInheritedChildren, receivesOrphans } from "./subreaper.ts";
import { describeSurvivors, survivorsOf } from "./survivors.ts";

const [terminate, kill] = [15, 9];
const killedMs = 500;

export interface UnclaimedOptions {
  readonly log: Logger;
  readonly graceMs: number;
  /** SIGKILL follows when it resolves, whatever is left of the grace. */
  readonly hastened: Promise<void>;
}

/**
 * Stops what came to this program from processes that it started, and took care to drop both its session and its
 * environment, so that nobody can tell whose it is. To be called when all templates have stopped. Does nothing where it
 * may come from what is to live on, or from what was there before.
 */
export async function stopUnclaimed({ log, graceMs, hastened }: UnclaimedOptions): Promise<void> {
  if (!receivesOrphans() || hasKept() || hasInheritedChildren()) return;
  const strays = new Strays({ leader: -1, marker: unmarked, leaderIsThere: () => false });
  strays.look();
  if (strays.osPids.length === 0) return;
  const describeAll = () => describeSurvivors(survivorsOf(-1, strays.osPids));
  log.warn(`stopping what lost its parents, and nobody can tell whose it is: ${describeAll()}`);
  const steps = [
    { signalNumber: terminate, waitMs: graceMs },
    { signalNumber: kill, waitMs: killedMs },
  ];
  const signal = (signalNumber: number) => strays.signal(signalNumber);
  void hastened.then(() => signal(kill));
  const isGone = await climb(steps, { signal, emptied: strays.whenGone() });
  if (!isGone) log.warn(`SIGKILL did not end ${describeAll()}; gafferd leaves it behind`);
}
