import { type ProcessTable, type ProcessUsage, takeUsageSample, UsageSample } from "./usage-sample.ts";

export { type ProcessUsage, UsageSample };

/** A baseline is at least so much older than what is compared with it: the kernel counts time in steps of 10 ms. */
const minWindowMs = 50;

/**
 * Samples what processes take when somebody asks, and shares each sample among all who ask at the same time. It has no
 * timer, and holds its last tables of processes (some 200 bytes for each process of the machine) to compare with.
 */
export class Sampler {
  readonly #take: typeof takeUsageSample;
  #newest: UsageSample | undefined;
  #reading: Promise<UsageSample> | undefined;
  #marked: UsageSample | undefined;
  #baseline: ProcessTable | undefined;

  constructor(take = takeUsageSample) {
    this.#take = take;
  }

  /**
   * A sample that is at most so old and has each of `processes`, unless it is gone. Their usage is read when it
   * resolves. CPU rates are those since the sample before it, or the one before that if it was taken 50 ms ago or less.
   * Throws GafferdError `overloaded`.
   */
  async sample(processes: readonly Pick<ProcessUsage, "osPid">[], maxAgeMs: number): Promise<UsageSample> {
    const askedAtMs = performance.now();
    const osPids = processes.map(({ osPid }) => osPid);
    let sample = this.#newest;
    if (sample === undefined || sample.beganAtMs < askedAtMs - maxAgeMs) sample = await this.#read();
    // What was spawned since it began is no reason to say that it does not run.
    while (sample.beganAtMs < askedAtMs && !hasAll(sample.table, osPids)) sample = await this.#read();
    await sample.prepare(osPids);
    return sample;
  }

  /** Joins a reading under way. */
  #read(): Promise<UsageSample> {
    this.#reading ??= this.#readNow().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readNow(): Promise<UsageSample> {
    const beganAtMs = performance.now();
    if (this.#marked !== undefined && beganAtMs - this.#marked.beganAtMs >= minWindowMs) {
      this.#baseline = this.#marked.table;
      this.#marked = undefined;
    }
    const sample = await this.#take({ baseline: this.#baseline, previous: this.#newest });
    this.#marked ??= sample;
    this.#newest = sample;
    return sample;
  }
}

function hasAll(table: ProcessTable, osPids: readonly number[]): boolean {
  return osPids.every((osPid) => table.has(osPid));
}
