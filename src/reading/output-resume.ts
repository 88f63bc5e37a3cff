import { GafferdError } from "../errors.ts";
import type { Ring } from "../output/ring.ts";
import { placeOf } from "./output-place.ts";
import { type OutputGap, type OutputSource, scopeOf } from "./output-source.ts";
import type { OutputPlace, StreamPosition } from "./stream-position.ts";

/** Where a reader begins. */
export interface Beginning {
  readonly position: StreamPosition;
  /** The first byte to read of each held output of the source. */
  readonly places: ReadonlyMap<Ring, number>;
  /** What was lost since the position was given. */
  readonly gaps: readonly OutputGap[];
}

interface HeldOutput {
  readonly processId: number;
  readonly outputIndex: number;
  readonly label: string;
  readonly ring: Ring;
  /** The first byte to read; where that is not exact, no byte after it was read. */
  readonly position: number;
  readonly isExact: boolean;
}

/** What a reader had not read of outputs that are no longer held whole. */
interface Loss {
  readonly behind: readonly HeldOutput[];
  /** Of processes that are no longer held at all. */
  readonly hasDropped: boolean;
  /** Undefined where the position counted other outputs. */
  readonly bytes: number | undefined;
  /** See `StreamPosition`. */
  readonly hasGaps: boolean;
}

/** Where a reader goes on that came as far as `position`. Throws `bad_value` where no reader can have come. */
export function resume(source: OutputSource, position: StreamPosition, label: string | undefined): Beginning {
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
  const isListed = (place: OutputPlace) => outputs.some((output) => isOf(place, output) && !behind.includes(output));
  return {
    position: {
      ...position,
      scope,
      // What is told first was not given yet.
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
      const place = listed.find((candidate) => isOf(candidate, output));
      outputs.push({
        ...output,
        ...(place === undefined ? placeOf(ring, position) : { position: place.position, isExact: true }),
      });
    }
  }
  return outputs;
}

/**
 * Where to go on in outputs that are no longer held whole, with what was lost. What was lost before a position in the
 * output is named by that position alone: the reader finds it out. Where only the sum is known, it is one gap.
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
  // Of places that are not exact each may be too far on, and behind a gap each not far enough: both would cancel out.
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

function isOf(place: OutputPlace, { processId, outputIndex }: Pick<HeldOutput, "processId" | "outputIndex">): boolean {
  return place.processId === processId && place.outputIndex === outputIndex;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const each of numbers) total += each;
  return total;
}

function notOfThisStream(): GafferdError {
  return new GafferdError("bad_value", "this id was never sent by this stream; pass an id as a stream has sent it", {
    field: "since",
  });
}
