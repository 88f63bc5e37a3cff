import { GafferdError } from "../errors.ts";
import type { Ring } from "../output/ring.ts";
import type { OutputGap, OutputSource } from "./output-source.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";

/** How far a reader came. A process that is neither listed nor newer than `newestId` was read to its exit. */
export interface StreamPosition {
  /** The newest process that was told of; 0 when there was none. */
  readonly newestId: number;
  /** Positions in the order of the labels. */
  readonly processes: readonly { readonly id: number; readonly positions: readonly number[] }[];
}

/** Where to begin. */
export type OutputStart =
  /** At the oldest byte held. */
  | { readonly kind: "held" }
  /** So many lines back, over all outputs together; 0 is from now on. */
  | { readonly kind: "tail"; readonly lines: number }
  /** At what came then, on the steady clock, or later. */
  | { readonly kind: "since"; readonly steadyMs: number }
  | { readonly kind: "resume"; readonly position: StreamPosition }
  /** At the oldest byte held, after a gap of which nothing is known: the position is of an earlier run. */
  | { readonly kind: "restart" };

export interface StartPositions {
  readonly newestId: number;
  readonly processes: readonly { readonly process: SupervisedProcess; readonly positions: readonly number[] }[];
  readonly gaps: readonly OutputGap[];
}

/** Where a reader begins in each process. Throws `bad_value` for a position that these outputs never had. */
export function startPositions(source: OutputSource, start: OutputStart, label: string | undefined): StartPositions {
  const held = source.processes();
  if (start.kind === "resume") return resume(source, held, start.position, label);
  // "From now on" is not about processes that have said all.
  const fromNow = start.kind === "tail" && start.lines === 0 && source.isOpen;
  const heard = fromNow ? held.filter((process) => !process.outputEnded) : held;
  const begins = beginningOf(
    heard.flatMap((process) => ringsOf(process, label)),
    start,
  );
  return {
    newestId: Math.max(0, ...held.map(({ id }) => id)),
    processes: heard.map((process) => ({ process, positions: ringsOf(process, label).map(begins) })),
    gaps: start.kind === "restart" ? [{}] : [],
  };
}

/** The outputs of a process that a reader of `label`, or of all, reads. */
export function ringsOf(process: SupervisedProcess, label: string | undefined): Ring[] {
  if (label === undefined) return [...process.rings.values()];
  const ring = process.rings.get(label);
  return ring === undefined ? [] : [ring];
}

function beginningOf(rings: readonly Ring[], start: Exclude<OutputStart, { kind: "resume" }>): (ring: Ring) => number {
  if (start.kind === "tail") {
    const begins = tailOf(rings, start.lines);
    return (ring) => begins.get(ring) ?? ring.head;
  }
  if (start.kind === "since") {
    return (ring) => Math.max(ring.oldest, ring.arrivals.positionSince(start.steadyMs) ?? ring.head);
  }
  return (ring) => ring.oldest;
}

/** Where the last `count` lines begin that the rings hold together. */
function tailOf(rings: readonly Ring[], count: number): Map<Ring, number> {
  const lines = rings.flatMap((ring) =>
    ring.lastLines(count).map((from) => ({ ring, from, sequence: ring.arrivals.sequenceAt(from) })),
  );
  // Stable, and each ring's lines come newest first, so lines of one arrival keep their order.
  const newest = lines.toSorted((a, b) => b.sequence - a.sequence).slice(0, count);
  return new Map(newest.map(({ ring, from }) => [ring, from]));
}

function resume(
  source: OutputSource,
  held: readonly SupervisedProcess[],
  position: StreamPosition,
  label: string | undefined,
): StartPositions {
  const newestHeldId = Math.max(source.droppedId, ...held.map(({ id }) => id));
  if (position.newestId > newestHeldId) throw notOfThisStream();
  const processes: { process: SupervisedProcess; positions: readonly number[] }[] = [];
  const gaps: OutputGap[] = [];
  for (const { id, positions } of position.processes) {
    const process = held.find((each) => each.id === id);
    if (process === undefined && id > source.droppedId) throw notOfThisStream();
    if (process === undefined) {
      gaps.push({ processId: id });
      continue;
    }
    const rings = ringsOf(process, label);
    if (rings.length !== positions.length) throw notOfThisStream();
    if (rings.some((ring, index) => (positions[index] ?? 0) > ring.head)) throw notOfThisStream();
    processes.push({ process, positions });
  }
  return { newestId: position.newestId, processes, gaps };
}

function notOfThisStream(): GafferdError {
  return new GafferdError("bad_value", "the id is not one of this stream; pass an id that this very stream has sent", {
    field: "since",
  });
}
