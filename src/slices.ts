const sliceMs = 5;

/** Work that goes on in a later turn of the event loop. */
const waiting: (() => void)[] = [];
let turnEndMs = 0;
let isScheduled = false;

/**
 * Calls `step` until it returns false (no work is left), then `onDone`. The first steps run immediately. After 5 ms the
 * rest waits for the next turn of the event loop: a thousand spawns take most of a second. All work that runs in slices
 * shares these 5 ms of a turn.
 */
export function runInSlices(step: () => boolean, onDone: () => void): void {
  beginTurn();
  do {
    if (!step()) {
      onDone();
      return;
    }
  } while (performance.now() < turnEndMs);
  waiting.push(() => runInSlices(step, onDone));
}

/** Whether this turn of the event loop has time left for work in slices. If not, continue with `runInNextTurn`. */
export function hasTimeLeft(): boolean {
  beginTurn();
  return performance.now() < turnEndMs;
}

/** Calls `act` in the next turn that has time for it, after the work that is already waiting. */
export function runInNextTurn(act: () => void): void {
  beginTurn();
  waiting.push(act);
}

/**
 * Calls `act` at once if this turn has time left, otherwise in a later one. Resolves to its result, and rejects with what it
 * throws. For what follows a wait: thousands of waits may end in the same turn.
 */
export function whenTimeIsLeft<Result>(act: () => Result | Promise<Result>): Promise<Result> {
  return promiseOf(act, (run) => (hasTimeLeft() ? run() : runInNextTurn(run)));
}

function beginTurn(): void {
  if (isScheduled) return;
  isScheduled = true;
  turnEndMs = performance.now() + sliceMs;
  setImmediate(runTurn);
}

function runTurn(): void {
  turnEndMs = performance.now() + sliceMs;
  try {
    while (waiting.length > 0 && performance.now() < turnEndMs) waiting.shift()!();
  } finally {
    isScheduled = waiting.length > 0 || performance.now() >= turnEndMs;
    // If all the time was used, microtasks that follow in this turn must wait for the next one too.
    if (isScheduled) setImmediate(runTurn);
  }
}

/**
 * Calls `act` in a later turn of the event loop, within the slice of that turn. For work that may wait until what is more
 * urgent has been done. Resolves to its result, or rejects with what it throws.
 */
export function inLaterTurn<Result>(act: () => Result): Promise<Result> {
  // Sockets are written after the immediate callbacks of this turn.
  return promiseOf(act, (run) => setImmediate(() => setImmediate(() => runInNextTurn(run))));
}

/** Resolves to the result of `act`, which `schedule` calls, or rejects with what it throws. */
function promiseOf<Result>(act: () => Result | Promise<Result>, schedule: (run: () => void) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    schedule(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Like `runInSlices`. Resolves when no work is left, and rejects with what `step` throws. */
export function inSlices(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    runInSlices(() => {
      try {
        return step();
      } catch (error) {
        reject(error);
        return false;
      }
    }, resolve);
  });
}

/** Calls `act` for each item, in slices. The first items are handled immediately. Rejects with what `act` throws. */
export function forEachInSlices<Item>(items: Iterable<Item>, act: (item: Item) => void): Promise<void> {
  return finishInSlices(visit(items, act));
}

function* visit<Item>(items: Iterable<Item>, act: (item: Item) => void): Generator<void, void> {
  for (const item of items) yield act(item);
}

/** Runs `work` to its end, in slices: it may wait for a later turn at each `yield`. Resolves to what it returns. */
export async function finishInSlices<Result>(work: Iterator<unknown, Result>): Promise<Result> {
  let last: IteratorResult<unknown, Result>;
  await inSlices(() => !(last = work.next()).done);
  return last!.value as Result;
}

/** Runs `work` to its end at once, for callers that nothing waits for. Returns what it returns. */
export function finishNow<Result>(work: Iterator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
