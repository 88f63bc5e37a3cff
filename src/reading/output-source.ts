import type { RankCounter } from "../output/rank-counter.ts";
import type { DroppedOutput } from "../supervisor/dropped-output.ts";
import type { SupervisorState } from "../supervisor/state.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** A process whose output is read: one that runs or has exited, or one that only the journal remembers. */
export type OutputProcess = Pick<
  SupervisedProcess,
  "id" | "osPid" | "slot" | "state" | "startedAtMs" | "template" | "rings" | "spawnRank" | "exitRank" | "exit"
>;

/** Whose output is read: one process, or all current and future processes of a template. */
export interface OutputSource {
  /** The processes that are alive or whose output is still kept, ascending by id. */
  processes(): readonly OutputProcess[];
  /** Calls `listener` when a process was spawned, has exited or was dropped. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void;
  /** True if other processes may follow. */
  readonly isOpen: boolean;
  /** True if the template was deleted. */
  readonly isGone: boolean;
  /** True if no process is running and none will start without a request: all output has been written. */
  readonly isAtRest: boolean;
  /** The boot of the processes, if it is an earlier one; absent for this run of the daemon. */
  readonly boot?: string;
  /** The ranks of the template, over all its outputs. */
  readonly ranks: Pick<RankCounter, "serial" | "next">;
  /** The only process that is read; undefined for all processes of the template. */
  readonly processId: number | undefined;
  /** Totals of the processes whose output is no longer kept. */
  readonly dropped: Pick<DroppedOutput, "count" | "newestId" | "exitRank" | "bytes">;
}

/** Output that a reader has lost. Fields are absent if they are not known. */
export interface OutputGap {
  readonly processId?: number;
  readonly label?: string;
  readonly from?: number;
  readonly to?: number;
  readonly bytes?: number;
}

const restingStates: readonly SupervisorState[] = ["exited", "stopped", "fatal"];

/** The number of lost bytes; undefined if it is not known. */
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
    get isGone() {
      return supervisor.isRetired;
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
    get isGone() {
      return supervisor.isRetired;
    },
    get isAtRest() {
      return process.outputEnded;
    },
    ranks: supervisor.ranks,
    processId: process.id,
    dropped: { count: 0, newestId: 0, exitRank: 0, bytes: () => 0 },
  };
}

/** A number for the set of outputs that is read, part of every position. 0 means all outputs of a template. */
export function scopeOf({ processId }: Pick<OutputSource, "processId">, label: string | undefined): number {
  if (processId === undefined && label === undefined) return 0;
  return Bun.hash.crc32(`${processId ?? ""}/${label ?? ""}`);
}
