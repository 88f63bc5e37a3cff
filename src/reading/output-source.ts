import type { RankCounter } from "../output/rank-counter.ts";
import type { SupervisorState } from "../supervisor/state.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** Whose output is read: one process, or all of a template with those to come. */
export interface OutputSource {
  /** Those that are alive or whose output is still held, ascending by id. */
  processes(): readonly SupervisedProcess[];
  /** Calls `listener` when a process came, went or has exited; returns what ends that. */
  onChange(listener: () => void): () => void;
  /** Other processes may follow. */
  readonly isOpen: boolean;
  /** Nothing runs, and nothing follows unless somebody acts: all output that there is has been written. */
  readonly isAtRest: boolean;
  /** Of the template: ranks are compared over all its outputs. */
  readonly ranks: RankCounter;
  /** Undefined: every process of the template. */
  readonly processId: number | undefined;
  /** Of the processes whose output is no longer held. */
  readonly dropped: DroppedProcesses;
}

/** What is known of processes whose output is no longer held. */
export interface DroppedProcesses {
  readonly count: number;
  /** The greatest of their ids; 0 without any. */
  readonly newestId: number;
  /** The greatest rank of their exits; 0 without any. */
  readonly exitRank: number;
  /** How many bytes they wrote to the output of this label; without one, to all outputs. */
  bytes(label: string | undefined): number;
}

/** Output that is lost to a reader. What is absent is not known. */
export interface OutputGap {
  readonly processId?: number;
  readonly label?: string;
  readonly from?: number;
  readonly to?: number;
  readonly bytes?: number;
}

const restingStates: readonly SupervisorState[] = ["exited", "stopped", "fatal"];

/** How many bytes; undefined where that is not known. */
export function sizeOfGap({ bytes, from, to }: OutputGap): number | undefined {
  return bytes ?? (from === undefined || to === undefined ? undefined : to - from);
}

export function templateSource(supervisor: Supervisor): OutputSource {
  const processes = () => [...supervisor.exits, ...supervisor.processes].toSorted((a, b) => a.id - b.id);
  return {
    processes,
    onChange: (listener) => supervisor.onChange(listener),
    get isOpen() {
      return !supervisor.isRetired;
    },
    get isAtRest() {
      return restingStates.includes(supervisor.status().state) && processes().every(({ outputEnded }) => outputEnded);
    },
    ranks: supervisor.ranks,
    processId: undefined,
    dropped: supervisor.dropped,
  };
}

export function processSource(supervisor: Supervisor, process: SupervisedProcess): OutputSource {
  return {
    processes: () => [process],
    onChange: (listener) => supervisor.onChange(listener),
    isOpen: false,
    get isAtRest() {
      return process.outputEnded;
    },
    ranks: supervisor.ranks,
    processId: process.id,
    dropped: { count: 0, newestId: 0, exitRank: 0, bytes: () => 0 },
  };
}

/** Positions hold this number, which tells different selections of outputs apart. 0: all outputs of a template. */
export function scopeOf({ processId }: OutputSource, label: string | undefined): number {
  if (processId === undefined && label === undefined) return 0;
  return Bun.hash.crc32(`${processId ?? ""}/${label ?? ""}`);
}
