import { runInSlices } from "../slices.ts";

export interface SpawnLoopOptions {
  /** Whether another process must be spawned now. */
  readonly isMissing: () => boolean;
  readonly spawn: () => void;
  /** Called when no process is missing any more. */
  readonly onDone: () => void;
}

/** Spawns processes while some are missing. It works in slices, so that the event loop is not blocked. */
export class SpawnLoop {
  readonly #options: SpawnLoopOptions;
  #isRunning = false;

  constructor(options: SpawnLoopOptions) {
    this.#options = options;
  }

  /** Does nothing if the loop is already running. */
  begin(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { isMissing, spawn, onDone } = this.#options;
    const step = () => {
      if (isMissing()) spawn();
      return isMissing();
    };
    runInSlices(step, () => {
      this.#isRunning = false;
      onDone();
    });
  }
}
