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

function takeSlice(): boolean {
  useSlice();
  return false;
}

/** Takes longer than a slice, which is 5 ms. */
export function useSlice(): void {
  Bun.sleepSync(6);
}

/** Calls `act`, and returns how many turns of the event loop passed until its promise was resolved. */
export function countTurns(act: () => Promise<unknown>): Promise<number> {
  return withTurns(async (now) => {
    await act();
    return now();
  });
}

/** Calls `act`, and returns in how many turns of the event loop it called the function that it gets. */
export function countCallTurns(act: (called: () => void) => Promise<unknown>): Promise<number> {
  return withTurns(async (now) => {
    const turns = new Set<number>();
    await act(() => turns.add(now()));
    return turns.size;
  });
}

/** `now` returns how many turns have passed. */
async function withTurns<Result>(act: (now: () => number) => Promise<Result>): Promise<Result> {
  let turns = 0;
  let isRunning = true;
  const count = (): void => {
    turns += 1;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  try {
    return await act(() => turns);
  } finally {
    isRunning = false;
  }
}
