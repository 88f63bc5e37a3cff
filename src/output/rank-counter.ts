/**
 * The next rank (`order.ts`) of a template, which all its outputs share, so that they can be merged in the order of
 * arrival. A process that is spawned in the place of another is ranked after the exit of that: not before all output of
 * those that have exited came, unless it says something itself.
 */
export class RankCounter {
  static #lastSerial = 0;
  /** Tells its template from all others of this run of the daemon, those of the same name too. */
  readonly serial = ++RankCounter.#lastSerial;
  next = 0;
  #drains = 0;
  #waiting: (() => void)[] = [];

  /** A process has exited of which output may yet come, until `drained`. */
  draining(): void {
    this.#drains += 1;
  }

  /** All output of such a process came. */
  drained(): void {
    this.#drains -= 1;
    if (this.#drains === 0) for (const rank of this.#waiting.splice(0)) rank();
  }

  /** Calls `rank` when no output of exited processes is to come: now, or later. */
  whenDrained(rank: () => void): void {
    if (this.#drains === 0) rank();
    else this.#waiting.push(rank);
  }
}
