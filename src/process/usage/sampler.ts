import { type ProcessTable, type ProcessUsage, takeUsageSample, UsageSample } from "./usage-sample.ts";

export { type ProcessUsage, UsageSample };

/** The minimum age of a baseline. The kernel counts CPU time in steps of 10 ms, so a shorter window is too inexact. */
const minWindowMs = 50;

/**
 * Samples the resource usage of processes on request. Concurrent requests share a sample. The sampler has no timer. It
 * keeps its last process tables for comparison: about 200 bytes for each process of the machine.
 */
export class Sampler {
  readonly #take: typeof takeUsageSample;
  #newest: UsageSample | undefined;
  #reading: Promise<UsageSample> | undefined;
  #nextBaseline: UsageSample | undefined;
  #baseline: ProcessTable | undefined;

  constructor(take = takeUsageSample) {
    this.#take = take;
  }

  /**
   * Returns a sample that is at most `maxAgeMs` old and contains each of `processes` that is running. Their usage has been
   * read when this resolves. CPU rates cover the time since the previous sample, or since the one before it if the
   * previous sample is less than 50 ms old. Throws GafferdError `overloaded`.
   */
  async sample(processes: readonly Pick<ProcessUsage, "osPid">[], maxAgeMs: number): Promise<UsageSample> {
    const askedAtMs = performance.now();
    const osPids = processes.map(({ osPid }) => osPid);
    let sample = this.#newest;
    if (sample === undefined || sample.beganAtMs < askedAtMs - maxAgeMs) sample = await this.#read();
    // A process may be missing only because it was spawned after the sample began. Take another sample in that case.
    while (sample.beganAtMs < askedAtMs && !hasAll(sample.table, osPids)) sample = await this.#read();
    await sample.prepare(osPids);
    return sample;
  }

  /** Takes a sample, or returns the one that is being taken. */
  #read(): Promise<UsageSample> {
    this.#reading ??= this.#readNow().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readNow(): Promise<UsageSample> {
    const beganAtMs = performance.now();
    if (this.#nextBaseline !== undefined && beganAtMs - this.#nextBaseline.beganAtMs >= minWindowMs) {
      this.#baseline = this.#nextBaseline.table;
      this.#nextBaseline = undefined;
    }
    const sample = await this.#take({ baseline: this.#baseline, previous: this.#newest });
    this.#nextBaseline ??= sample;
    this.#newest = sample;
    return sample;
  }
}

function hasAll(table: ProcessTable, osPids: readonly number[]): boolean {
  return osPids.every((osPid) => table.has(osPid));
}
