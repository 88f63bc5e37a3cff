/** Notifies listeners that something has changed, without saying what. */
export class Changes {
  readonly #subscribers = new Set<() => void>();
  /** The callers of `until`. */
  readonly #waiters = new Set<() => void>();

  get listenerCount(): number {
    return this.#subscribers.size + this.#waiters.size;
  }

  /** Without the callers of `until`. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  }

  notify(): void {
    for (const subscriber of this.#subscribers) subscriber();
    for (const waiter of this.#waiters) waiter();
  }

  /** Resolves as soon as `condition` returns true. It is checked now and after every change. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = () => {
        if (!condition()) return;
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
    });
  }
}
