import { bootId } from "../boot.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type Part, toOutputPart } from "./batch.ts";
import type { BlockMeta, EndedTotals } from "./block-meta.ts";
import { segmentVersion } from "./segment-reader.ts";
import { toRecord, type TrackedProcess } from "./tracked-process.ts";

/** The beginning of a longer line is not repeated in the next segment. */
const maxRepeatedBytes = 64 * 1024;
const newline = 10;

export interface SegmentHeaderOptions {
  readonly supervisor: Supervisor;
  readonly processes: Iterable<TrackedProcess>;
  /** The beginnings of unfinished lines that the segment repeats. */
  readonly repeated: readonly Part[];
  readonly ended: EndedTotals;
  readonly rank: number;
  readonly seed: bigint;
}

/** The first block of a segment: what a reader must know of earlier segments, in case they were deleted. */
export function segmentHeader({ supervisor, processes, repeated, ended, rank, seed }: SegmentHeaderOptions): BlockMeta {
  const { template, ranks } = supervisor;
  const starts = new Map(repeated.map(({ output, from }) => [output, from]));
  const known = [...processes].filter(({ isRecorded }) => isRecorded);
  const positionsOf = ({ outputs }: TrackedProcess) =>
    outputs.map((output) => starts.get(output) ?? output.cursor.position);
  return {
    ...emptyMeta(rank),
    outputs: repeated.map(toOutputPart),
    processes: known.map((tracked) => toRecord(tracked, positionsOf(tracked))),
    segment: {
      version: segmentVersion,
      name: template.name,
      boot: bootId,
      serial: ranks.serial,
      seed: String(seed),
      ended,
      keep: template.outputKeep ?? {},
    },
  };
}

/** A block without anything new. */
export function emptyMeta(rank: number): BlockMeta {
  return { from: rank, to: rank, time: Date.now(), outputs: [], processes: [], spawns: [], ends: [], exits: [] };
}

/**
 * The beginnings of lines that are on disk and not complete. The next segment repeats them, so that it has whole lines even if
 * the segment before it was deleted.
 */
export function unfinishedLines(processes: Iterable<TrackedProcess>): Part[] {
  const parts: Part[] = [];
  for (const { outputs } of processes) {
    for (const output of outputs) {
      const { lineStart: from, cursor } = output;
      const { position: to, ring } = cursor;
      const isHeld = from < to && from >= ring.oldest && to - from <= maxRepeatedBytes;
      if (isHeld && ring.byteAt(to - 1) !== newline) parts.push({ output, from, to });
    }
  }
  return parts;
}
