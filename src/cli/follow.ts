import { Cursor, type Gap } from "../output/cursor.ts";
import type { Ring } from "../output/ring.ts";

const maxChunkBytes = 64 * 1024;

/** Reads a ring from its first byte until it ends. Yields a gap where the reader was too slow. */
export async function* followRing(ring: Ring): AsyncGenerator<Uint8Array | Gap> {
  let change = Promise.withResolvers<void>();
  const cursor = new Cursor(ring, { position: 0, onChange: () => change.resolve() });
  try {
    while (cursor.available > 0 || !ring.ended) {
      const gap = cursor.takeGap();
      if (gap !== undefined) yield gap;
      else if (cursor.available > 0) yield takeChunk(cursor);
      else {
        await change.promise;
        change = Promise.withResolvers();
      }
    }
  } finally {
    cursor.close();
  }
}

function takeChunk(cursor: Cursor): Uint8Array {
  const { ring, position } = cursor;
  const bytes = ring.copy(position, Math.min(ring.head, position + maxChunkBytes));
  cursor.advance(position + bytes.length);
  return bytes;
}
