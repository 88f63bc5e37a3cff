import type { SupervisedProcess } from "./supervised-process.ts";

/** What a rolling restart needs from its supervisor. */
export interface RollingSteps {
  isWantedUp(): boolean;
  /** Resolves when all wanted processes run, including `surplus`, or when nothing is being started. */
  refill(): Promise<void>;
  /** Resolves when all missing processes were spawned. */
  filled(): Promise<void>;
  /** Resolves when nothing of the process is left. Its slot is then free. */
  stop(process: SupervisedProcess): Promise<void>;
}

/** Runs the rolling restarts of a template, one after the other. */
export class RollingRestarts {
  readonly #steps: RollingSteps;
  #surplus: 0 | 1 = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(steps: RollingSteps) {
    this.#steps = steps;
  }

  /** The number of extra processes: 1 while a process is spawned before an old one is stopped, otherwise 0. */
  get surplus(): 0 | 1 {
    return this.#surplus;
  }

  /** Replaces processes one at a time, after any earlier restart. Ends early if the template is stopped. */
  async replace(old: readonly SupervisedProcess[], options: { readonly spawnFirst: boolean }): Promise<void> {
    this.#last = this.#last.then(() => this.#run(old, options));
    await this.#last;
    await this.#steps.filled();
  }

  async #run(old: readonly SupervisedProcess[], { spawnFirst }: { readonly spawnFirst: boolean }): Promise<void> {
    for (const process of old) {
      if (process.state !== "running" || process.template.detach) continue;
      if (spawnFirst) await this.#refill(1);
      if (!this.#steps.isWantedUp()) return;
      await this.#steps.stop(process);
      await this.#refill(0);
    }
  }

  async #refill(surplus: 0 | 1): Promise<void> {
    this.#surplus = surplus;
    await this.#steps.refill();
    this.#surplus = 0;
  }
}
