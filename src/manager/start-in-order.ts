import { GafferdError } from "../errors.ts";
import { inSlices } from "../slices.ts";
import { rankOf } from "../template/rank.ts";
import type { ProcessTemplate } from "../template/template.ts";

/**
 * Calls `start` for each template, by priority, in slices that do not block the event loop. A template that cannot be spawned
 * has logged the reason, and the next one is started. Ends when `isOver` returns true.
 */
export async function startInOrder(
  templates: readonly ProcessTemplate[],
  { start, isOver }: { readonly start: (name: string) => void; readonly isOver: () => boolean },
): Promise<void> {
  const waiting = templates.toSorted((a, b) => rankOf(a) - rankOf(b));
  const startNext = (): boolean => {
    const next = waiting.shift();
    if (next === undefined || isOver()) return false;
    try {
      start(next.name);
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
    }
    return true;
  };
  await inSlices(startNext);
}
