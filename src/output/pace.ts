import type { Cursor } from "./cursor.ts";
import type { Ring } from "./ring.ts";

/** How many of `wanted` bytes may be written to `ring` now: 0 while a reader is waited for (`Cursor.patienceMs`). */
export function room(ring: Ring, wanted: number): number {
  let free = wanted;
  for (const cursor of ring.cursors) {
    if (cursor.patienceMs > 0) free = Math.min(free, Math.max(0, ring.capacity - cursor.available));
  }
  return free;
}

/** Waits until a reader has moved or the patience with one is over, and takes the wait from the patience of all. */
export async function waitForReaders(ring: Ring): Promise<void> {
  const waits = [...ring.cursors].filter(holdsBack).map((cursor) => ({ cursor, position: cursor.position }));
  const startedMs = performance.now();
  await ring.readerMoved(Math.min(...waits.map(({ cursor }) => cursor.patienceMs)));
  const waitedMs = performance.now() - startedMs;
  for (const { cursor, position } of waits) cursor.waited(waitedMs, { moved: cursor.position !== position });
}

function holdsBack(cursor: Cursor): boolean {
  return cursor.patienceMs > 0 && cursor.available >= cursor.ring.capacity;
}
