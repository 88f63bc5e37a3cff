/** One rung of the ladder: send the signal, then give the target `waitMs` to be gone. */
export interface StopStep {
  readonly signalNumber: number;
  readonly waitMs: number;
}

/** What is to be stopped: a process with its group. */
export interface StopTarget {
  /** Does nothing when the target is gone. */
  signal(signalNumber: number): void;
  /** Resolves when nothing of the target is left. */
  readonly emptied: Promise<void>;
}

/** A timer that is to run longer than this fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Climbs `steps` until the target is gone. Whether it is: what the last step did not end in its time lives on. */
export async function stopTarget(steps: readonly StopStep[], target: StopTarget): Promise<boolean> {
  for (const { signalNumber, waitMs } of steps) {
    target.signal(signalNumber);
    if (await isGoneWithin(target.emptied, waitMs)) return true;
  }
  return false;
}

async function isGoneWithin(emptied: Promise<void>, waitMs: number): Promise<boolean> {
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
