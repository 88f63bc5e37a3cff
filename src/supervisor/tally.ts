import { type FlappingRecord, noExits } from "./flapping.ts";

/** What is counted of a template since it was last started by hand. */
export interface Tally {
  readonly flapping: FlappingRecord;
  /** How often in a row a process could not be spawned. */
  readonly spawnFailures: number;
  /** How many processes ended for good, as the restart policy says. */
  readonly ended: number;
  /** Why no process followed the last of them; undefined while there was none. */
  readonly endReason: string | undefined;
}

export const noTally: Tally = {
  flapping: noExits,
  spawnFailures: 0,
  ended: 0,
  endReason: undefined,
};
