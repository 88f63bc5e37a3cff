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
  /** The greatest id among the processes whose output is no longer held; 0 for none. */
  readonly droppedId: number;
}

/** Output that is lost to a reader. What is absent is not known. */
export interface OutputGap {
  readonly processId?: number;
  readonly label?: string;
  readonly from?: number;
  readonly to?: number;
}

const restingStates: readonly SupervisorState[] = ["exited", "stopped", "fatal"];

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
    get droppedId() {
      return supervisor.droppedId;
    },
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
    droppedId: 0,
  };
}
