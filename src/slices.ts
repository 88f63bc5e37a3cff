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
    isScheduled = false;
    if (waiting.length > 0) beginTurn();
  }
}
