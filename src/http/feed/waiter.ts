const longestTimerMs = 2 ** 31 - 1;

/** Lets a longpoll wait for data, a timeout, or its client's disconnect. The creator must call `close`. */
export class Waiter {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.wake();
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
  }

  /** Ends the current wait. */
  wake(): void {
    this.#wake?.();
  }

  async wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, Math.min(Math.max(1, timeoutMs), longestTimerMs));
    await promise;
    clearTimeout(timer);
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}
