import type { Ring } from "../output/ring.ts";

/** Where a reader is in one output. Not exact: at `position`, or anywhere before it; nothing of that is held. */
export interface Place {
  readonly position: number;
  readonly isExact: boolean;
}

/** Where a reader is in an output after all that `order` and `floor` (`StreamPosition`) say was given. */
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
  const lineEnd = lastLineEnd(ring, from, arrived);
  if (lineEnd !== undefined) return { position: lineEnd, isExact: true };
  const isHeldWhole = oldest === 0 || (isFloorKnown && floorPosition >= oldest);
  return isHeldWhole ? { position: from, isExact: true } : { position: oldest, isExact: false };
}

/** Where the last line ends of which a reader that knows the bytes up to `to` can say that it has ended. */
function lastLineEnd(ring: Ring, from: number, to: number): number | undefined {
  const afterNewline = ring.lineEndBefore(from, to);
  return ring.lastReturnBefore(afterNewline ?? from, to - 1) ?? afterNewline;
}
