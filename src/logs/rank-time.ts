import { SegmentReader } from "../journal/segment-reader.ts";
import type { Segments } from "../journal/segments.ts";
import type { StreamPosition } from "../reading/stream-position.ts";
import { positionIn, rankIn, timeIn } from "./part-position.ts";
import { findLife } from "./search-start.ts";
import { searchTurn } from "./search-turns.ts";

/** When the last byte arrived that a reader with this position has read: Unix ms. Undefined if it is not on disk. */
export async function timeOfPosition(segments: Segments, position: StreamPosition): Promise<number | undefined> {
  const rank = position.order - 1;
  const segment = findLife(segments, position)?.segments.findLast((each) => each.rank <= rank);
  if (segment === undefined) return undefined;
  const reader = new SegmentReader({ path: segment.path, limit: () => segment.size });
  let lastMs: number | undefined;
  try {
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
      if (block.meta.from > rank) break;
      if (block.meta.to > rank) {
        for (const part of block.meta.outputs) {
          const last = positionIn(part, rank + 1) - 1;
          if (last >= part.at && rankIn(part, last) === rank) return timeIn(part, last);
        }
        return block.meta.time;
      }
      lastMs = block.meta.time;
      await searchTurn();
    }
    return lastMs;
  } finally {
    await reader.close();
  }
}
