import type { Ring } from "../output/ring.ts";
import { maxDataBytes } from "./block.ts";
import type { BlockMeta, OutputPart } from "./block-meta.ts";
import { toRecord, type TrackedOutput, type TrackedProcess } from "./tracked-process.ts";

/** A part of an output that goes into a block. */
export interface Part {
  readonly output: TrackedOutput;
  readonly from: number;
  readonly to: number;
}

/** What the next block contains. Nothing was read yet. */
export interface Batch {
  readonly meta: BlockMeta;
  readonly parts: readonly Part[];
  readonly dataLength: number;
  readonly ended: readonly TrackedOutput[];
  readonly spawned: readonly TrackedProcess[];
  readonly exited: readonly TrackedProcess[];
  readonly added: readonly TrackedProcess[];
}

/** What the writer knows. */
export interface Pending {
  /** Outputs that have bytes or an end to write. */
  readonly dirty: Iterable<TrackedOutput>;
  readonly processes: Iterable<TrackedProcess>;
  /** Everything with a lower rank is written. */
  readonly rank: number;
  /** The next rank of the template. */
  readonly nextRank: number;
  readonly nowMs: number;
}

/** The next block: everything up to now, or as much as fits, in the order of arrival. Undefined if there is nothing new. */
export function nextBatch({ dirty, processes, rank, nextRank, nowMs }: Pending): Batch | undefined {
  const outputs = [...dirty];
  const to = endRank(outputs, nextRank);
  const parts = outputs.flatMap((output) => {
    const { ring, position } = output.cursor;
    const end = Math.min(ring.head, to === nextRank ? ring.head : ring.countBefore(to));
    return end > position ? [{ output, from: position, to: end }] : [];
  });
  const reached = new Map(parts.map((part) => [part.output, part.to]));
  const ended = outputs.filter((output) => {
    const { ring, position } = output.cursor;
    return !output.hasEnded && ring.endRank < to && (reached.get(output) ?? position) === ring.head;
  });
  const all = [...processes];
  const added = all.filter(({ isRecorded }) => !isRecorded);
  const spawned = all.filter(({ hasSpawned, process }) => !hasSpawned && (process.spawnRank ?? Infinity) < to);
  const exited = all.filter(({ process, outputs: own }) => {
    const isWhole = own.every((output) => output.hasEnded || ended.includes(output));
    return isWhole && (process.exitRank ?? Infinity) < to;
  });
  if (parts.length + ended.length + added.length + spawned.length + exited.length === 0) return undefined;
  return {
    meta: {
      from: rank,
      to,
      time: nowMs,
      outputs: parts.map(toOutputPart),
      processes: added.map((tracked) =>
        toRecord(
          { ...tracked, hasSpawned: false },
          tracked.outputs.map(({ cursor }) => cursor.position),
        ),
      ),
      spawns: spawned.map(({ process }) => ({ pid: process.id, rank: process.spawnRank ?? 0 })),
      ends: ended.map(({ process: { process }, index, cursor: { ring } }) => ({
        pid: process.id,
        index,
        head: ring.head,
        rank: ring.endRank,
      })),
      exits: exited.flatMap(({ process: { id, exit, exitRank = 0 } }) =>
        exit === undefined
          ? []
          : [{ pid: id, rank: exitRank, status: exit.status, exitedAt: exit.exitedAtMs, cpuMs: exit.cpuMs }],
      ),
    },
    parts,
    dataLength: parts.reduce((sum, part) => sum + part.to - part.from, 0),
    ended,
    spawned,
    exited,
    added,
  };
}

/** Marks a batch as read. Its bytes were copied. */
export function markTaken({ parts, ended, spawned, added }: Batch): void {
  for (const { output, from, to } of parts) {
    const lineEnd = output.cursor.ring.lineEndBefore(from, to);
    if (lineEnd !== undefined) output.lineStart = lineEnd;
    output.cursor.advance(to);
  }
  for (const output of ended) output.hasEnded = true;
  for (const tracked of added) tracked.isRecorded = true;
  for (const tracked of spawned) tracked.hasSpawned = true;
}

/** Copies the bytes of the parts to `target`, one after the other, from `at` on. */
export function copyParts(parts: readonly Part[], target: Buffer, at: number): void {
  let end = at;
  for (const { output, from, to } of parts) {
    const { ring } = output.cursor;
    for (let position = from; position < to;) {
      const view = ring.view(position, to);
      target.set(view, end);
      end += view.length;
      position += view.length;
    }
  }
}

/** How a block describes a part. */
export function toOutputPart({ output, from, to }: Part): OutputPart {
  const { ring } = output.cursor;
  return {
    pid: output.process.process.id,
    index: output.index,
    at: from,
    length: to - from,
    runs: ring.order.runs(from, to),
    times: ring.arrivals.times(from, to),
  };
}

/** Everything with a lower rank fits into a block. Every byte has a rank of its own. */
function endRank(outputs: readonly TrackedOutput[], nextRank: number): number {
  let bytes = 0;
  let lowest = nextRank;
  for (const { cursor } of outputs) {
    if (cursor.available === 0) continue;
    bytes += cursor.available;
    lowest = Math.min(lowest, rankAt(cursor.ring, cursor.position));
  }
  return bytes <= maxDataBytes ? nextRank : Math.min(nextRank, lowest + maxDataBytes);
}

function rankAt(ring: Ring, position: number): number {
  return ring.order.rankAt(position);
}
