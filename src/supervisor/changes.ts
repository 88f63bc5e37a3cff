/** Who is told, without particulars, whenever something has changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves when a change makes `isSo` true, at once if it is. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const end = this.subscribe(() => {
        if (!isSo()) return;
        end();
        resolve();
      });
    });
  }
}
