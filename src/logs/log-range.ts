import type { StreamPosition } from "../reading/stream-position.ts";

/** The part of the output of one boot that is wanted. */
export interface LogRange {
  /** What the client has read before; undefined for nothing. */
  readonly after?: StreamPosition | undefined;
  /** Nothing with this rank or a higher one is wanted. */
  readonly beforeRank?: number | undefined;
  /** Unix ms. Earlier lines are not wanted. */
  readonly sinceMs?: number | undefined;
  /** Unix ms. Later lines are not wanted. */
  readonly untilMs?: number | undefined;
}

/** Whether something that was complete then is in the range. */
export function isInRange(
  { after, beforeRank = Infinity, sinceMs = -Infinity, untilMs = Infinity }: LogRange,
  { rank, timeMs }: { readonly rank: number; readonly timeMs: number },
): boolean {
  return rank >= (after?.order ?? 0) && rank < beforeRank && timeMs >= sinceMs && timeMs <= untilMs;
}

/** Where a search ends. */
export interface SearchEnd {
  readonly boot: string;
  readonly serial: number;
  /** The first rank that is not wanted. */
  readonly rank: number;
  /** It ends with what is on disk now: lines that are not complete yet are wanted too. */
  readonly isNow: boolean;
}

/** Whether a search ends in this boot of the template. */
export function isEndOf(end: SearchEnd, life: Pick<SearchEnd, "boot" | "serial"> | undefined): boolean {
  return end.boot === life?.boot && end.serial === life.serial;
}
