import { bootId } from "../boot.ts";
import type { Life, Segment, Segments } from "../journal/segments.ts";
import type { StreamPosition } from "../reading/stream-position.ts";
import type { GapReason } from "./log-item.ts";

/** Where a search of a template begins. */
export interface SearchStart {
  readonly segment: Segment;
  /** What the client has read before, in the boot of the segment. */
  readonly after: StreamPosition | undefined;
  /** Why output from before the segment is missing; undefined if it is not wanted. */
  readonly lossBefore: GapReason | undefined;
  /** Whether the client has read an unknown part of what is missing. */
  readonly isLossUnknown?: boolean;
}

/** A line may have begun so many bytes before the segment in which it ends. */
const longLineBytes = 1024 * 1024;

/** At the first byte on disk; undefined if there is none. */
export function startAtOldest({ list }: Segments): SearchStart | undefined {
  const [segment] = list;
  return segment && { segment, after: undefined, lossBefore: lossBefore(segment) };
}

/** At a time, in Unix ms; undefined if everything on disk is older. */
export function startAtTime({ list }: Segments, unixMs: number): SearchStart | undefined {
  const index = list.findIndex(({ writtenAtMs }) => writtenAtMs >= unixMs);
  const segment = list[index];
  return segment && { segment, after: undefined, lossBefore: index === 0 ? lossBefore(segment) : undefined };
}

/** Where a client continues that has read up to `position`; undefined if nothing is on disk. */
export function startAfter(segments: Segments, position: StreamPosition): SearchStart | undefined {
  const { order, floor } = position;
  const life = findLife(segments, position);
  if (life === undefined) {
    const start = startAtOldest(segments);
    return start && { ...start, lossBefore: "deleted", isLossUnknown: true };
  }
  const rank = floor > 0 ? Math.min(order, floor) : order;
  let index = Math.max(
    0,
    life.segments.findLastIndex((segment) => segment.rank <= rank),
  );
  for (let bytes = 0; index > 0 && bytes < longLineBytes;) bytes += life.segments[--index]?.size ?? 0;
  const [first] = life.segments;
  const segment = life.segments[index];
  if (first === undefined || segment === undefined) return undefined;
  return { segment, after: position, lossBefore: first.rank > rank ? lossBefore(first) : undefined };
}

/** Where the output begins that was complete at a rank. What is missing before it is not wanted. */
export function startAtRank(
  segments: Segments,
  { boot, serial, rank: order }: { readonly boot: string; readonly serial: number; readonly rank: number },
): SearchStart | undefined {
  const nowhere = { floor: 0, spawnFloor: 0, given: 0, scope: 0, ahead: [], piece: undefined, hasGaps: false };
  const start = startAfter(segments, { ...(boot !== bootId && { boot }), serial, order, ...nowhere });
  return start && { ...start, lossBefore: undefined };
}

/** The boot that a position belongs to; undefined if nothing of it is on disk. */
export function findLife({ lives }: Segments, { boot = bootId, serial }: StreamPosition): Life | undefined {
  return lives.find((life) => life.boot === boot && life.serial === serial);
}

/** Why output is missing before the oldest segment. The first one that was ever written has the first number. */
function lossBefore({ sequence }: Segment): GapReason {
  return sequence > 1 ? "deleted" : "not_kept";
}
