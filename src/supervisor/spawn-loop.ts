import { runInSlices } from "../slices.ts";

export interface SpawnLoopOptions {
  /** Whether another process must be spawned now. */
  readonly isMissing: () => boolean;
  /** Loads what the next spawn would have to wait for. Undefined if it can be spawned now. Never rejects. */
  readonly prepare: () => Promise<void> | undefined;
  readonly spawn: () => void;
  /** Called when no process is missing any more. */
  readonly onDone: () => void;
}

/** Spawns processes while some are missing. It works in slices, so that the event loop is not blocked. */
export class SpawnLoop {
  readonly #options: SpawnLoopOptions;
  #isRunning = false;
  /** The loop that is running has made its first attempt. */
  #hasSpawned = false;

  constructor(options: SpawnLoopOptions) {
    this.#options = options;
  }

  /**
   * Does nothing if the loop is already running. Spawns the first process at once if the slice of this turn is not used
   * up: a thousand loops may begin in one turn, when as many processes have exited.
   */
  begin(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#hasSpawned = false;
    this.#run({ isPrepared: false });
  }

  /** Spawns one process if the loop has spawned none yet, for a caller that must know whether that is possible. */
  spawnFirst(): void {
    if (!this.#isRunning || this.#hasSpawned || !this.#options.isMissing()) return;
    this.#hasSpawned = true;
    this.#options.spawn();
  }

  #run({ isPrepared }: { isPrepared: boolean }): void {
    const { isMissing, prepare, spawn, onDone } = this.#options;
    let isFirst = true;
    let preparation: Promise<void> | undefined;
    const step = () => {
      if (!isMissing()) return false;
      // The first step is always made, the second one only if the slice is not used up.
      if (isFirst) return !(isFirst = false);
      preparation = isPrepared ? undefined : prepare();
      isPrepared = false;
      if (preparation !== undefined) return false;
      this.#hasSpawned = true;
      spawn();
      return isMissing();
    };
    runInSlices(step, () => {
      if (preparation !== undefined) return void preparation.then(() => this.#run({ isPrepared: true }));
      this.#isRunning = false;
      onDone();
    });
  }
}
