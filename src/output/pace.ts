import type { Ring } from "./ring.ts";

/** How many of `wanted` bytes may be written to `ring` now; 0 if the writer must wait for a reader. */
export function writableBytes(ring: Ring, wanted: number): number {
  if (ring.cursors.size > 0) ring.reserve(wanted);
  let free = wanted;
  for (const reader of ring.cursors) {
    if (reader.waitBudgetMs > 0) free = Math.min(free, ring.freeBefore(reader.heldPosition));
  }
  return free;
}

/** Waits until a reader has moved or its `waitBudgetMs` is used up. The time counts for every reader waited for. */
export async function waitForReaders(ring: Ring): Promise<void> {
  const blocking = [...ring.cursors].filter(
    (reader) => reader.waitBudgetMs > 0 && ring.freeBefore(reader.heldPosition) === 0,
  );
  const waits = blocking.map((reader) => ({ reader, position: reader.heldPosition }));
  const startedMs = performance.now();
  await ring.untilReaderMoves(Math.min(...blocking.map(({ waitBudgetMs }) => waitBudgetMs)));
  const waitedMs = performance.now() - startedMs;
  for (const { reader, position } of waits) reader.waited(waitedMs, { moved: reader.heldPosition !== position });
}
