/** Who is told, without particulars, whenever something has changed. */
export class Changes {
  readonly #subscribers = new Set<() => void>();
  /** Those that wait for one thing only. */
  readonly #waiters = new Set<() => void>();

  get listenerCount(): number {
    return this.#subscribers.size + this.#waiters.size;
  }

  /** Without those that wait `until` something is so. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  }

  announce(): void {
    for (const subscriber of this.#subscribers) subscriber();
    for (const waiter of this.#waiters) waiter();
  }

  /** Resolves when a change makes `isSo` true, at once if it is. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = () => {
        if (!isSo()) return;
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
    });
  }
}
