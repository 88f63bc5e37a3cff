import { runInSlices } from "../src/slices.ts";

/** Uses the slices of this turn and of the next `turns`. Other work in slices makes one step now, and waits for the rest. */
export function takeSlices(turns: number): void {
  runInSlices(takeSlice, () => {});
  for (let turn = 0; turn < turns; turn++) {
    let isFirst = true;
    const step = () => {
      if (!isFirst) return takeSlice();
      isFirst = false;
      return true;
    };
    runInSlices(step, () => {});
  }
}

/** A slice takes 5 ms. */
function takeSlice(): boolean {
  Bun.sleepSync(6);
  return false;
}

/** Calls `act`, and returns how many turns of the event loop passed until its promise was resolved. */
export async function countTurns(act: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isRunning = true;
  const count = (): void => {
    turns += 1;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  try {
    await act();
  } finally {
    isRunning = false;
  }
  return turns;
}
