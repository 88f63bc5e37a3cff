import { GafferdError } from "../errors.ts";
import { inSlices } from "../slices.ts";
import { rankOf } from "../template/rank.ts";
import type { ProcessTemplate } from "../template/template.ts";

export interface StartSteps {
  /** Loads what a start would have to wait for. Undefined if it can start now. Never rejects. */
  readonly prepare: (name: string) => Promise<void> | undefined;
  readonly start: (name: string) => void;
  readonly isOver: () => boolean;
}

/**
 * Starts templates by priority, in slices that do not block the event loop. A template that cannot be spawned has logged the
 * reason, and the next one is started. Ends when `isOver` returns true.
 */
export async function startInOrder(
  templates: readonly ProcessTemplate[],
  { prepare, start, isOver }: StartSteps,
): Promise<void> {
  const waiting = templates.toSorted((a, b) => rankOf(a) - rankOf(b)).map(({ name }) => name);
  let isPrepared = false;
  const startNext = (): boolean => {
    const [next] = waiting;
    if (next === undefined || isOver()) return false;
    // It is attempted once after its preparation, whether or not that helped.
    if (!isPrepared && prepare(next) !== undefined) return false;
    isPrepared = false;
    waiting.shift();
    try {
      start(next);
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
    }
    return true;
  };
  await inSlices(startNext);
  while (waiting[0] !== undefined && !isOver()) {
    await prepare(waiting[0]);
    isPrepared = true;
    await inSlices(startNext);
  }
}
