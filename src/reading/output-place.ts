import type { Ring } from "../output/ring.ts";

/** A reader's position in one output. If not exact, it is at `position` or anywhere before, where nothing is kept. */
export interface Place {
  readonly position: number;
  readonly isExact: boolean;
}

/** The position in an output of a reader that has read everything described by `order` and `floor` (`StreamPosition`). */
export function placeOf(ring: Ring, { order, floor }: { readonly order: number; readonly floor: number }): Place {
  if (order > ring.endRank) return { position: ring.head, isExact: true };
  const { oldest } = ring;
  const arrived = ring.countBefore(order);
  const isFloorKnown = ring.order.covers(floor);
  const floorPosition = isFloorKnown ? ring.countBefore(floor) : 0;
  if (isFloorKnown && (floor >= order || floorPosition >= arrived)) return { position: floorPosition, isExact: true };
  if (!ring.order.covers(order) || arrived <= oldest) {
    return { position: Math.min(arrived, oldest), isExact: arrived === 0 };
  }
  const from = Math.max(oldest, floorPosition);
  const lineEnd = lastCertainLineEnd(ring, from, arrived);
  if (lineEnd !== undefined) return { position: lineEnd, isExact: true };
  const isHeldWhole = oldest === 0 || (isFloorKnown && floorPosition >= oldest);
  return isHeldWhole ? { position: from, isExact: true } : { position: oldest, isExact: false };
}

/** The end of the last line that is known to be complete from the bytes up to `to`. */
function lastCertainLineEnd(ring: Ring, from: number, to: number): number | undefined {
  const afterNewline = ring.lineEndBefore(from, to);
  return ring.lastReturnBefore(afterNewline ?? from, to - 1) ?? afterNewline;
}
