import { currentMoment } from "../moment.ts";
import type { Ring } from "../output/ring.ts";
import { writableBytes, waitForReaders } from "../output/pace.ts";
import type { OutputPipe } from "../process/spawn/output-pipe.ts";

/** How long output is read after the process has exited. A grandchild can keep the pipe open. */
const drainTimeoutMs = 1000;
/** The largest capacity of a pipe. Anything after this many bytes was not written by the exited process. */
const maxPipeBytes = 2 ** 20;

/**
 * How long one pipe may be read without a pause. If the pipe is never empty and no reader is ever full, the loop runs in
 * microtasks only, and no other socket, timer or exit is handled.
 */
const turnMs = 10;

/** In a smaller ring, a few chunks of a wide pipe would overwrite everything that a reader has not read yet. */
const minWideCapacity = 2 ** 20;

/** Copies a pipe to a ring, no faster than the readers that the writer waits for. */
export class Pump {
  readonly #pipe: OutputPipe;
  readonly #ring: Ring;
  readonly #ended: Promise<void>;
  #isWaiting = false;
  #waitedUntilMs = 0;
  #turnEndMs = 0;

  constructor(pipe: OutputPipe, ring: Ring) {
    this.#pipe = pipe;
    this.#ring = ring;
    this.#ended = this.#run();
  }

  /** Call after the process has exited. Resolves at the end of the output, or stops reading after a second. */
  async finish(): Promise<void> {
    if (this.#ring.ended) return;
    const exitedMs = performance.now();
    const exitedAt = this.#ring.head;
    const timer = setInterval(() => {
      // While a reader is slow, bytes of the process itself are still in the pipe, so this time does not count.
      const lossless = this.#isWaiting && this.#ring.head - exitedAt < maxPipeBytes;
      const sinceMs = Math.max(exitedMs, this.#waitedUntilMs);
      // Timers run before the pipes are polled. Cancelling in the next turn first reads what arrived in time.
      if (!lossless && performance.now() - sinceMs >= drainTimeoutMs) setImmediate(() => void this.#pipe.cancel());
    }, drainTimeoutMs / 4);
    await this.#ended;
    clearInterval(timer);
  }

  async #run(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#pipe.read();
      if (done) break;
      if (this.#ring.capacity >= minWideCapacity) this.#pipe.size.chunkRead(value.length);
      let rest = value;
      while (rest.length > 0) {
        const free = writableBytes(this.#ring, rest.length);
        if (free === 0) {
          await this.#wait();
          continue;
        }
        this.#ring.write(rest.subarray(0, free), currentMoment());
        rest = rest.subarray(free);
      }
      if (performance.now() >= this.#turnEndMs) await this.#endTurn();
    }
    this.#pipe.release();
    this.#ring.end();
  }

  /** Lets the event loop handle everything else. */
  async #endTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnEndMs = performance.now() + turnMs;
  }

  async #wait(): Promise<void> {
    this.#isWaiting = true;
    await waitForReaders(this.#ring);
    this.#isWaiting = false;
    this.#waitedUntilMs = performance.now();
  }
}
