import { Cursor } from "../output/cursor.ts";
import type { OutputProcess } from "../reading/output-source.ts";
import type { ProcessRecord } from "./block-meta.ts";

/** The place of the journal in one output. */
export interface TrackedOutput {
  readonly process: TrackedProcess;
  readonly index: number;
  readonly cursor: Cursor;
  /** Where the line that is being written begins. */
  lineStart: number;
  /** The end of the output was recorded. */
  hasEnded: boolean;
}

/** A process whose outputs are written to the journal. */
export interface TrackedProcess {
  readonly process: OutputProcess;
  readonly outputs: readonly TrackedOutput[];
  /** A block has its record. */
  isRecorded: boolean;
  /** A block has its spawn. */
  hasSpawned: boolean;
}

/** A process that writes as fast as it can waits for a slow disk for a quarter of the time; what is too much is lost there. */
const creditShare = 0.25;

/** Tracks a process from the oldest byte that is held. `onChange` is called after every write. */
export function trackProcess(process: OutputProcess, onChange: (output: TrackedOutput) => void): TrackedProcess {
  const outputs: TrackedOutput[] = [];
  const tracked = { process, outputs, isRecorded: false, hasSpawned: false };
  let index = 0;
  for (const ring of process.rings.values()) {
    const cursor = new Cursor(ring, { position: ring.oldest, creditShare, onChange: () => onChange(output) });
    const output: TrackedOutput = {
      process: tracked,
      index: index++,
      cursor,
      lineStart: ring.oldest,
      hasEnded: false,
    };
    outputs.push(output);
  }
  return tracked;
}

/** The process as blocks describe it, with the given positions of its outputs. */
export function toRecord(
  { process, outputs, hasSpawned }: TrackedProcess,
  positions: readonly number[],
): ProcessRecord {
  return {
    pid: process.id,
    osPid: process.osPid,
    slot: process.slot,
    startedAt: process.startedAtMs,
    labels: [...process.rings.keys()],
    positions: [...positions],
    ends: outputs.map(({ hasEnded, cursor }) => (hasEnded ? cursor.ring.endRank : null)),
    spawnRank: hasSpawned ? (process.spawnRank ?? null) : null,
  };
}

/** The lowest rank of what is held of a process, its spawn included; Infinity if there is nothing yet. */
export function firstRank({ rings, spawnRank = Infinity }: OutputProcess): number {
  const ranks = [...rings.values()].map((ring) =>
    ring.head > ring.oldest ? ring.order.rankAt(ring.oldest) : Infinity,
  );
  return Math.min(spawnRank, ...ranks);
}
