/**
 * The next rank (`order.ts`) of a template. All its outputs share it, so that they can be merged in the order of arrival.
 * A process is ranked after the exit of the one it replaces: it gets its rank when all output of exited processes has
 * arrived, or when it writes output itself.
 */
export class RankCounter {
  static #lastSerial = 0;
  /** Identifies the template in this run of the daemon, even among earlier templates with the same name. */
  readonly serial: number;
  next = 0;
  #drains = 0;
  #waiting: (() => void)[] = [];

  /** Default: a new serial. The journal repeats earlier ones. */
  constructor(serial?: number) {
    this.serial = serial ?? ++RankCounter.#lastSerial;
  }

  /** Call when a process has exited whose output has not ended; call `drained` when it has. */
  draining(): void {
    this.#drains += 1;
  }

  /** All output of an exited process has arrived. */
  drained(): void {
    this.#drains -= 1;
    if (this.#drains === 0) for (const rank of this.#waiting.splice(0)) rank();
  }

  /** Calls `rank` as soon as no exited process can have more output: now or later. */
  whenDrained(rank: () => void): void {
    if (this.#drains === 0) rank();
    else this.#waiting.push(rank);
  }
}
