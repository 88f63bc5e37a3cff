import { currentMoment } from "../moment.ts";
import type { Ring } from "../output/ring.ts";
import { room, waitForReaders } from "../output/pace.ts";
import type { OutputPipe } from "../process/spawn/output-pipe.ts";

/** How long the output of a process that is gone may go on: a grandchild can hold its pipe. */
const drainTimeoutMs = 1000;
/** No pipe holds more, so what comes after so much was not written by the process that is gone. */
const maxPipeBytes = 2 ** 20;

/**
 * So long a process that floods may keep the daemon to itself: a pipe that is never empty and readers that are never
 * full go round in microtasks, in which no other socket, timer or exit is looked at.
 */
const turnMs = 10;

/** Carries what comes through a pipe to a ring, no faster than the readers allow that must be waited for. */
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

  /** Call when the process is gone: resolves at the output's end, or cuts it off after a second. */
  async finish(): Promise<void> {
    const exitedMs = performance.now();
    const exitedAt = this.#ring.head;
    const timer = setInterval(() => {
      // A reader that is waited for keeps bytes of the process itself in the pipe: its time does not count.
      const lossless = this.#isWaiting && this.#ring.head - exitedAt < maxPipeBytes;
      const sinceMs = Math.max(exitedMs, this.#waitedUntilMs);
      // Timers run before the pipes are polled: the next turn has read what was there in time.
      if (!lossless && performance.now() - sinceMs >= drainTimeoutMs) setImmediate(() => void this.#pipe.cancel());
    }, drainTimeoutMs / 4);
    await this.#ended;
    clearInterval(timer);
  }

  async #run(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#pipe.read();
      if (done) break;
      let rest = value;
      while (rest.length > 0) {
        const free = room(this.#ring, rest.length);
        if (free === 0) {
          await this.#wait();
          continue;
        }
        this.#ring.write(rest.subarray(0, free), currentMoment());
        rest = rest.subarray(free);
      }
      if (performance.now() >= this.#turnEndMs) await this.#endTurn();
    }
    this.#ring.end();
  }

  /** Lets the daemon turn to everything else. */
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
