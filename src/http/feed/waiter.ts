const longestTimerMs = 2 ** 31 - 1;

/** Lets a longpoll wait for news, its time, or its client's leaving. `close` must be called. */
export class Waiter {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.wake();
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
  }

  /** Ends a wait under way. */
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
