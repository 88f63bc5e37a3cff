/** Send the signal, then wait up to `waitMs` until the target has exited. */
export interface StopStep {
  readonly signalNumber: number;
  readonly waitMs: number;
}

/** A process, with its process group. */
export interface StopTarget {
  /** Does nothing if the target has exited. */
  signal(signalNumber: number): void;
  /** Resolves when no process of the target is running. */
  readonly emptied: Promise<void>;
}

/** The longest delay of a timer. A longer one fires immediately. */
export const longestTimerMs = 2 ** 31 - 1;

/** Takes `steps` in order until the target has exited. Returns false if it is still running after the last step. */
export async function stopTarget(steps: readonly StopStep[], target: StopTarget): Promise<boolean> {
  for (const { signalNumber, waitMs } of steps) {
    target.signal(signalNumber);
    if (await exitsWithin(target.emptied, waitMs)) return true;
  }
  return false;
}

async function exitsWithin(emptied: Promise<void>, waitMs: number): Promise<boolean> {
  let timer: Timer | undefined;
  const elapsed = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(waitMs, longestTimerMs));
  });
  try {
    return await Promise.race([emptied.then(() => true), elapsed]);
  } finally {
    clearTimeout(timer);
  }
}
