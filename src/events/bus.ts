import type { GafferdEvent, Unsequenced } from "./event.ts";

/** Tells every subscriber of each event, in order, at once. */
export class EventBus {
  readonly #listeners = new Set<(event: GafferdEvent) => void>();
  readonly #onListenerError: (error: unknown) => void;
  #sequence = 0;

  /** `onListenerError` hears what a listener throws; the others are told all the same. */
  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Publish after the state has changed, so that who asks on the event sees it. */
  publish(event: Unsequenced): void {
    this.#sequence += 1;
    const sequenced = { ...event, sequence: this.#sequence, timeMs: Date.now() } as GafferdEvent;
    for (const listener of this.#listeners) {
      try {
        listener(sequenced);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: GafferdEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }
}
