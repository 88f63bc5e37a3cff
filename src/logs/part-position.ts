import type { OutputPart } from "../journal/block-meta.ts";

/** The rank of the byte at a position, which is in the part. */
export function rankIn({ at, runs }: OutputPart, position: number): number {
  const [start, rank] = lastEntry(runs, position) ?? [at, 0];
  return rank + position - start;
}

/** When the byte at a position arrived: Unix ms. */
export function timeIn({ times }: OutputPart, position: number): number {
  return lastEntry(times, position)?.[1] ?? 0;
}

/** The position of the first byte with this rank or a higher one; the end of the part if there is none. */
export function positionIn({ at, length, runs }: OutputPart, rank: number): number {
  let position = at;
  for (let index = 0; index < runs.length; index++) {
    const [start, first] = runs[index] ?? [at, 0];
    if (first >= rank) break;
    position = Math.min(start + rank - first, runs[index + 1]?.[0] ?? at + length);
  }
  return position;
}

/** Binary search for the last entry that begins at or before the position. */
function lastEntry(entries: OutputPart["runs"], position: number): readonly [number, number] | undefined {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.[0] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1];
}
