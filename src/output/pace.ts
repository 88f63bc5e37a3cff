import type { Ring } from "./ring.ts";

/** How many of `wanted` bytes may be written to `ring` now: 0 while a reader is waited for (`Cursor.patienceMs`). */
export function room(ring: Ring, wanted: number): number {
  let free = wanted;
  for (const reader of ring.cursors) {
    if (reader.patienceMs > 0) free = Math.min(free, ring.freeBefore(reader.heldPosition));
  }
  return free;
}

/** Waits until a reader has moved or the patience with one is over, and takes the wait from the patience of all. */
export async function waitForReaders(ring: Ring): Promise<void> {
  const blocking = [...ring.cursors].filter(
    (reader) => reader.patienceMs > 0 && ring.freeBefore(reader.heldPosition) === 0,
  );
  const waits = blocking.map((reader) => ({ reader, position: reader.heldPosition }));
  const startedMs = performance.now();
  await ring.readerMoved(Math.min(...blocking.map(({ patienceMs }) => patienceMs)));
  const waitedMs = performance.now() - startedMs;
  for (const { reader, position } of waits) reader.waited(waitedMs, { moved: reader.heldPosition !== position });
}
