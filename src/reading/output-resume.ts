import { GafferdError } from "../errors.ts";
import type { Ring } from "../output/ring.ts";
import { placeOf } from "./output-place.ts";
import { type OutputGap, type OutputSource, scopeOf } from "./output-source.ts";
import { isSameOutput, type OutputPlace, type StreamPosition } from "./stream-position.ts";

/** Where a reader starts. */
export interface StartingPoint {
  readonly position: StreamPosition;
  /** The position of the first byte to read, for each output that is kept. */
  readonly places: ReadonlyMap<Ring, number>;
  /** The bytes lost since the position was created. */
  readonly gaps: readonly OutputGap[];
}

interface HeldOutput {
  readonly processId: number;
  readonly outputIndex: number;
  readonly label: string;
  readonly ring: Ring;
  /** The first byte to read. If not exact, the reader is here or before. */
  readonly position: number;
  readonly isExact: boolean;
}

/** What a reader has not read of outputs that are no longer kept as a whole. */
interface Loss {
  readonly behind: readonly HeldOutput[];
  /** True if some of it was written by processes that are no longer kept at all. */
  readonly hasDropped: boolean;
  /** The lost bytes; undefined if the position counted a different set of outputs. */
  readonly bytes: number | undefined;
  /** See `StreamPosition`. */
  readonly hasGaps: boolean;
}

/** Finds where a reader continues after `position`. Throws `bad_value` for a position that no reader can have had. */
export function resume(source: OutputSource, position: StreamPosition, label: string | undefined): StartingPoint {
  const outputs = heldOutputs(source, position, label);
  const { next } = source.ranks;
  const isPossible = position.order <= next && position.floor <= next && position.spawnFloor <= next;
  if (!isPossible || outputs.some(({ ring, position: at }) => at > ring.head)) throw notOfThisStream();
  const scope = scopeOf(source, label);
  const dropped = source.dropped.bytes(label);
  const hasDropped = dropped > 0 && source.dropped.exitRank >= position.order;
  const behind = outputs.filter(({ ring, position: at, isExact }) => !isExact || at < ring.oldest);
  const exact = sum(outputs.filter((output) => !behind.includes(output)).map(({ position: at }) => at));
  const reached = sum(behind.map(({ ring }) => ring.oldest)) + dropped + exact;
  const { hasGaps } = position;
  const loss = { behind, hasDropped, hasGaps, bytes: position.scope === scope ? reached - position.given : undefined };
  const { places: behindPlaces, gaps } = placesAfter(loss);
  const places = new Map(outputs.map((output) => [output.ring, behindPlaces.get(output.ring) ?? output.position]));
  const isListed = (place: OutputPlace) =>
    outputs.some((output) => isSameOutput(place, output) && !behind.includes(output));
  return {
    position: {
      ...position,
      scope,
      // The gaps are returned first, so they do not count as read yet.
      given: dropped + sum(places.values()) - sum(gaps.map(({ bytes }) => bytes ?? 0)),
      ahead: position.ahead.filter(isListed),
      piece: position.piece && isListed(position.piece) ? position.piece : undefined,
    },
    places,
    gaps,
  };
}

function heldOutputs(source: OutputSource, position: StreamPosition, label: string | undefined): HeldOutput[] {
  const listed = position.piece === undefined ? position.ahead : [...position.ahead, position.piece];
  const outputs: HeldOutput[] = [];
  for (const { id: processId, rings } of source.processes()) {
    let outputIndex = 0;
    for (const [each, ring] of rings) {
      const output = { processId, outputIndex: outputIndex++, label: each, ring };
      if (label !== undefined && each !== label) continue;
      const place = listed.find((candidate) => isSameOutput(candidate, output));
      outputs.push({
        ...output,
        ...(place === undefined ? placeOf(ring, position) : { position: place.position, isExact: true }),
      });
    }
  }
  return outputs;
}

/**
 * Where to continue in outputs that are no longer kept as a whole, and which bytes were lost. If a lost range is known, the
 * position at its start is enough: the reader finds the gap itself. If only the sum is known, it is one gap.
 */
function placesAfter({ behind, hasDropped, hasGaps, bytes }: Loss): { places: Map<Ring, number>; gaps: OutputGap[] } {
  const atOldest = new Map(behind.map(({ ring }) => [ring, ring.oldest]));
  const atPositions = new Map(behind.map(({ ring, position }) => [ring, position]));
  const [first] = behind;
  if (bytes === undefined) {
    const unknown = behind.filter(({ isExact }) => !isExact);
    for (const { ring } of unknown) atPositions.set(ring, ring.oldest);
    return { places: atPositions, gaps: hasDropped || unknown.length > 0 ? [{}] : [] };
  }
  if (bytes === 0 || (first === undefined && !hasDropped)) return { places: atOldest, gaps: [] };
  // A place that is not exact may be too high, and one after a gap too low. Both errors could cancel each other out.
  const isSure = !hasGaps || behind.every(({ isExact }) => isExact);
  if (!hasDropped && isSure && sum(behind.map(({ ring, position }) => ring.oldest - position)) === bytes) {
    return { places: atPositions, gaps: [] };
  }
  if (!hasDropped && behind.length === 1 && first !== undefined && bytes > 0) {
    return { places: new Map([[first.ring, first.ring.oldest - bytes]]), gaps: [] };
  }
  if (first !== undefined && bytes > 0) first.ring.countGap(bytes);
  return { places: atOldest, gaps: [bytes > 0 ? { bytes } : {}] };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const each of numbers) total += each;
  return total;
}

function notOfThisStream(): GafferdError {
  return new GafferdError("bad_value", "this stream never sent this id; use an id from this stream without changes", {
    field: "since",
  });
}
