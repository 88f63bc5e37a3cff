import { hasTimeLeft, runInNextTurn } from "../slices.ts";

/**
 * Call between the steps of a search, and wait for the promise if there is one: after 5 ms, the event loop goes on. All work in
 * slices shares these 5 ms of a turn.
 */
export function searchTurn(): Promise<void> | undefined {
  return hasTimeLeft() ? undefined : new Promise(runInNextTurn);
}
