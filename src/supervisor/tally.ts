import { type FlappingRecord, noExits } from "./flapping.ts";

/** The counts of a template since it was last started by a request. */
export interface Tally {
  readonly flapping: FlappingRecord;
  /** Consecutive failures to spawn a process. */
  readonly spawnFailures: number;
  /** Processes that exited and are not restarted, by the restart policy. */
  readonly ended: number;
  /** Why the last of these was not restarted; undefined if there is none. */
  readonly endReason: string | undefined;
}

export const noTally: Tally = {
  flapping: noExits,
  spawnFailures: 0,
  ended: 0,
  endReason: undefined,
};
