import type { Ring } from "../output/ring.ts";
import { runInSlices } from "../slices.ts";
import { LastLines, type LastLinesRanks } from "./last-lines.ts";
import { placeOf } from "./output-place.ts";
import { type StartingPoint, resume } from "./output-resume.ts";
import { type OutputProcess, type OutputSource, scopeOf } from "./output-source.ts";
import type { StreamPosition } from "./stream-position.ts";

/** Where a reader starts. */
export type OutputStart =
  /** At the oldest byte that is kept. */
  | { readonly kind: "held" }
  /** At the last `lines` lines of all outputs together; 0 means from now on. */
  | { readonly kind: "tail"; readonly lines: number }
  /** Where `findTail` has found the last lines. */
  | { readonly kind: "found"; readonly ranks: LastLinesRanks }
  /** At the first byte or exit at `steadyMs` or later, on the steady clock. */
  | { readonly kind: "since"; readonly steadyMs: number }
  | { readonly kind: "resume"; readonly position: StreamPosition }
  /** At the oldest byte that is kept, after a gap of unknown size: the position belongs to another template or daemon. */
  | { readonly kind: "restart" };

/**
 * Finds the last lines without holding up the event loop: a large `tail` of many outputs can take seconds. Other starts, and
 * tails that are found within a few milliseconds, are returned directly. What arrives meanwhile is read too.
 */
export function findTail(
  source: OutputSource,
  start: OutputStart,
  label: string | undefined,
): OutputStart | Promise<OutputStart> {
  if (start.kind !== "tail" || start.lines === 0) return start;
  const search = new LastLines(ringsOfAll(source, label), start.lines, source.ranks.next);
  let found: OutputStart | undefined;
  const { promise, resolve } = Promise.withResolvers<OutputStart>();
  runInSlices(
    () => search.step(),
    () => resolve((found = { kind: "found", ranks: search.ranks })),
  );
  return found ?? promise;
}

/** Finds where a reader starts. Throws `bad_value` for a position that the outputs of the template never had. */
export function startingPoint(source: OutputSource, start: OutputStart, label: string | undefined): StartingPoint {
  if (start.kind === "resume") {
    if (isOfSource(start.position, source)) return resume(source, start.position, label);
    return startingPoint(source, { kind: "restart" }, label);
  }
  const now = source.ranks.next;
  const processes = source.processes();
  const rings = ringsOfAll(source, label);
  const ranks = ranksOf(start, { rings, processes, now });
  // A reader of a single process always gets its exit.
  const exitRank = source.isOpen ? Infinity : Math.min(...processes.map((process) => process.exitRank ?? Infinity));
  const order = Math.min(ranks.order, exitRank);
  const places = new Map(
    rings.map((ring) => [ring, Math.max(ring.oldest, placeOf(ring, { ...ranks, order }).position)] as const),
  );
  const given = source.dropped.bytes(label) + places.values().reduce((sum, position) => sum + position, 0);
  const scope = scopeOf(source, label);
  const boot = source.boot === undefined ? {} : { boot: source.boot };
  const position = { ...boot, serial: source.ranks.serial, ...ranks, order, spawnFloor: now, given, scope };
  return {
    position: { ...position, ahead: [], piece: undefined, hasGaps: false },
    places,
    gaps: start.kind === "restart" ? [{}] : [],
  };
}

function isOfSource({ boot, serial }: StreamPosition, source: OutputSource): boolean {
  return boot === source.boot && serial === source.ranks.serial;
}

/** The outputs of a process with this label; without a label, all outputs. */
export function ringsOf(process: OutputProcess, label: string | undefined): Ring[] {
  if (label === undefined) return [...process.rings.values()];
  const ring = process.rings.get(label);
  return ring === undefined ? [] : [ring];
}

function ringsOfAll(source: OutputSource, label: string | undefined): Ring[] {
  return source.processes().flatMap((process) => ringsOf(process, label));
}

/** Whether a reader that resumes has already read everything of the current processes, including their exits. */
export function isReadToEnd(source: OutputSource, start: OutputStart): boolean {
  if (start.kind !== "resume" || !isOfSource(start.position, source)) return false;
  return source.processes().every(({ exitRank }) => exitRank !== undefined && exitRank < start.position.order);
}

type Ranks = Pick<StreamPosition, "order" | "floor">;

interface Held {
  readonly rings: readonly Ring[];
  readonly processes: readonly OutputProcess[];
  /** The next rank. */
  readonly now: number;
}

function ranksOf(start: Exclude<OutputStart, { kind: "resume" }>, held: Held): Ranks {
  switch (start.kind) {
    case "held":
    case "restart":
      return { order: 0, floor: 0 };
    case "tail":
      return start.lines === 0 ? { order: held.now, floor: held.now } : ranksOfLastLines(held, start.lines);
    case "found":
      return start.ranks;
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

function ranksOfLastLines({ rings, now }: Held, count: number): LastLinesRanks {
  const search = new LastLines(rings, count, now);
  while (search.step());
  return search.ranks;
}
