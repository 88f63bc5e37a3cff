import type { Supervisor } from "../supervisor/supervisor.ts";
import { inRanks } from "../template/rank.ts";

/** A template that takes longer than this to stop is reported. */
const slowStopMs = 500;

/** Stops templates in reverse start order; those of the same priority stop together. Calls `onWaiting` for each slow one. */
export async function stopInOrder(
  supervisors: readonly Supervisor[],
  onWaiting: (supervisor: Supervisor) => void,
): Promise<void> {
  const stop = async (supervisor: Supervisor): Promise<void> => {
    const waiting = setTimeout(onWaiting, slowStopMs, supervisor);
    await supervisor.stop();
    clearTimeout(waiting);
  };
  const ranks = inRanks(supervisors, ({ template }) => template);
  for (const members of ranks.toReversed()) await Promise.all(members.map(stop));
}
