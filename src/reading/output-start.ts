import type { Ring } from "../output/ring.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import { placeOf } from "./output-place.ts";
import { type StartingPoint, resume } from "./output-resume.ts";
import { type OutputSource, scopeOf } from "./output-source.ts";
import type { StreamPosition } from "./stream-position.ts";

/** Where a reader starts. */
export type OutputStart =
  /** At the oldest byte that is kept. */
  | { readonly kind: "held" }
  /** At the last `lines` lines of all outputs together; 0 means from now on. */
  | { readonly kind: "tail"; readonly lines: number }
  /** At the first byte or exit at `steadyMs` or later, on the steady clock. */
  | { readonly kind: "since"; readonly steadyMs: number }
  | { readonly kind: "resume"; readonly position: StreamPosition }
  /** At the oldest byte that is kept, after a gap of unknown size: the position belongs to another template or daemon. */
  | { readonly kind: "restart" };

/** Finds where a reader starts. Throws `bad_value` for a position that the outputs of the template never had. */
export function startingPoint(source: OutputSource, start: OutputStart, label: string | undefined): StartingPoint {
  if (start.kind === "resume") {
    if (start.position.serial === source.ranks.serial) return resume(source, start.position, label);
    return startingPoint(source, { kind: "restart" }, label);
  }
  const now = source.ranks.next;
  const processes = source.processes();
  const rings = processes.flatMap((process) => ringsOf(process, label));
  const ranks = ranksOf(start, { rings, processes, now });
  // A reader of a single process always gets its exit.
  const exitRank = source.isOpen ? Infinity : Math.min(...processes.map((process) => process.exitRank ?? Infinity));
  const order = Math.min(ranks.order, exitRank);
  const places = new Map(
    rings.map((ring) => [ring, Math.max(ring.oldest, placeOf(ring, { ...ranks, order }).position)] as const),
  );
  const given = source.dropped.bytes(label) + places.values().reduce((sum, position) => sum + position, 0);
  const scope = scopeOf(source, label);
  const position = { serial: source.ranks.serial, ...ranks, order, spawnFloor: now, given, scope };
  return {
    position: { ...position, ahead: [], piece: undefined, hasGaps: false },
    places,
    gaps: start.kind === "restart" ? [{}] : [],
  };
}

/** The outputs of a process with this label; without a label, all outputs. */
export function ringsOf(process: SupervisedProcess, label: string | undefined): Ring[] {
  if (label === undefined) return [...process.rings.values()];
  const ring = process.rings.get(label);
  return ring === undefined ? [] : [ring];
}

/** Whether a reader that resumes has already read everything of the current processes, including their exits. */
export function isReadToEnd(source: OutputSource, start: OutputStart): boolean {
  if (start.kind !== "resume" || start.position.serial !== source.ranks.serial) return false;
  return source.processes().every(({ exitRank }) => exitRank !== undefined && exitRank < start.position.order);
}

type Ranks = Pick<StreamPosition, "order" | "floor">;

interface Held {
  readonly rings: readonly Ring[];
  readonly processes: readonly SupervisedProcess[];
  /** The next rank. */
  readonly now: number;
}

function ranksOf(start: Exclude<OutputStart, { kind: "resume" }>, held: Held): Ranks {
  switch (start.kind) {
    case "held":
    case "restart":
      return { order: 0, floor: 0 };
    case "tail":
      return start.lines === 0 ? { order: held.now, floor: held.now } : ranksOfLastLines(held.rings, start.lines);
    case "since": {
      const rank = firstRankSince(held, start.steadyMs);
      return { order: rank, floor: rank };
    }
  }
}

/** The first rank of what arrived at `steadyMs` or later, on the steady clock. */
function firstRankSince({ rings, processes, now }: Held, steadyMs: number): number {
  const ofBytes = rings.map((ring) => {
    const position = Math.max(ring.oldest, ring.arrivals.positionSince(steadyMs) ?? ring.head);
    return position < ring.head ? ring.order.rankAt(position) : now;
  });
  const ofExits = processes.map(({ exit, exitRank }) =>
    (exit?.exitedSteadyMs ?? 0) >= steadyMs ? (exitRank ?? now) : now,
  );
  return Math.min(now, ...ofBytes, ...ofExits);
}

/**
 * The ranks from which a reader gets the last `count` lines of all rings, in the order of their ends. Of an unfinished line
 * that is not among them, the part that arrived before the first of them began is skipped.
 */
function ranksOfLastLines(rings: readonly Ring[], count: number): Ranks {
  const lines = rings.flatMap((ring) => lastLines(ring, count)).toSorted((a, b) => b.endRank - a.endRank);
  if (lines.length <= count && rings.every((ring) => ring.lastLines(count + 1).length <= count)) {
    return { order: 0, floor: 0 };
  }
  const wanted = lines.slice(0, count);
  return {
    order: Math.min(...wanted.map(({ endRank }) => endRank)),
    floor: Math.min(...wanted.map(({ beginRank }) => beginRank)),
  };
}

interface Line {
  readonly beginRank: number;
  /** The rank of its newline, or of its last byte if it is unfinished. */
  readonly endRank: number;
}

function lastLines(ring: Ring, count: number): Line[] {
  const starts = ring.lastLines(count);
  return starts.map((start, index) => {
    const end = index === 0 ? ring.head : starts[index - 1]!;
    const isEnded = ring.ended && end === ring.head && ring.byteAt(end - 1) !== newline;
    const endRank = isEnded ? ring.endRank : ring.order.rankAt(end - 1);
    return { beginRank: ring.order.rankAt(start), endRank };
  });
}

const newline = 10;
