import { GafferdError } from "../errors.ts";
import { inSlices } from "../slices.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/**
 * Starts templates in order, in slices, and skips those that `mayStart` excludes when their turn comes. One that cannot be
 * spawned is logged and becomes `fatal`, and the others are started.
 */
export async function startInOrder(
  supervisors: readonly Supervisor[],
  mayStart: (supervisor: Supervisor) => boolean,
): Promise<void> {
  const waiting = [...supervisors];
  const startNext = () => {
    const next = waiting.shift();
    if (next !== undefined && mayStart(next)) tryStart(next);
  };
  while (waiting.length > 0) {
    await waiting[0]?.prepare();
    startNext();
    await inSlices(() => {
      if (waiting.length === 0 || waiting[0]?.prepare() !== undefined) return false;
      startNext();
      return true;
    });
  }
}

function tryStart(supervisor: Supervisor): void {
  try {
    supervisor.start();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
  }
}
