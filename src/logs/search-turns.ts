const sliceMs = 5;

const waiting: (() => void)[] = [];
let sliceEndMs = 0;
let isScheduled = false;

/**
 * Call between the steps of a search, and wait for the promise if there is one: after 5 ms, the event loop goes on, and then
 * another search. All searches together take 5 ms of a turn.
 */
export function searchTurn(): Promise<void> | undefined {
  if (performance.now() < sliceEndMs) return undefined;
  return new Promise((resolve) => {
    waiting.push(resolve);
    schedule();
  });
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    sliceEndMs = performance.now() + sliceMs;
    waiting.shift()?.();
    if (waiting.length > 0) schedule();
  });
}
