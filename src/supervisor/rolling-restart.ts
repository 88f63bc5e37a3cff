import type { SupervisedProcess } from "./supervised-process.ts";

/** What a rolling restart does to its supervisor. */
export interface RollingSteps {
  isWantedUp(): boolean;
  /** Resolves when as many run as are wanted and `surplus`, or when nothing is being started. */
  refill(): Promise<void>;
  /** Resolves when nothing is left of the process; its slot is then free. */
  stop(process: SupervisedProcess): Promise<void>;
}

/** The rolling restarts of a template, one after the other. */
export class RollingRestarts {
  readonly #steps: RollingSteps;
  #surplus: 0 | 1 = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(steps: RollingSteps) {
    this.#steps = steps;
  }

  /** How many processes are wanted beside those of the template: 1 while one is spawned before another is stopped. */
  get surplus(): 0 | 1 {
    return this.#surplus;
  }

  /** Replaces processes one at a time, after the restarts before; a template that is stopped meanwhile ends it. */
  begin(old: readonly SupervisedProcess[], options: { readonly spawnFirst: boolean }): Promise<void> {
    return (this.#last = this.#last.then(() => this.#run(old, options)));
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
