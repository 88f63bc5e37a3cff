import { runInSlices } from "../slices.ts";

export interface FillingOptions {
  /** Whether another process is to be spawned now. */
  readonly isMissing: () => boolean;
  readonly spawn: () => void;
  /** Called when none is missing any more. */
  readonly onDone: () => void;
}

/** Spawns processes as long as some are missing, in slices of the daemon's time. */
export class Filling {
  readonly #options: FillingOptions;
  #isUnderWay = false;

  constructor(options: FillingOptions) {
    this.#options = options;
  }

  /** Joins a filling under way. */
  begin(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    const { isMissing, spawn, onDone } = this.#options;
    const step = () => {
      if (isMissing()) spawn();
      return isMissing();
    };
    runInSlices(step, () => {
      this.#isUnderWay = false;
      onDone();
    });
  }
}
