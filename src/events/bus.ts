import { currentMoment } from "../moment.ts";
import type { EventArchive } from "./event-archive.ts";
import type { GafferdEvent, Unsequenced } from "./event.ts";

/** How many events are kept for readers that come back. */
const keptEvents = 1000;

/** Delivers each event to every subscriber, synchronously and in order, and keeps the last 1,000. */
export class EventBus {
  readonly #firstListeners = new Set<(event: GafferdEvent) => void>();
  readonly #listeners = new Set<(event: GafferdEvent) => void>();
  readonly #endListeners = new Set<() => void>();
  readonly #onListenerError: (error: unknown) => void;
  /** Event n is at index n modulo 1,000. */
  readonly #recent: GafferdEvent[] = [];
  /** When each of those came, on the steady clock. */
  readonly #steadyMs: number[] = [];
  #head = 0;
  /** The sequence of the first event that this bus published. */
  #first = 1;
  #ended = false;
  /** Events that are no longer kept here; undefined if there is none. */
  archive: EventArchive | undefined;

  /** `onListenerError` gets what a listener throws. The other listeners are still called. */
  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** The sequence of the newest event; 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** The sequence of the oldest event that is kept; 1 before the first. */
  get oldest(): number {
    return Math.max(this.#first, this.#head - keptEvents + 1);
  }

  /** Whether `end` was called. */
  get ended(): boolean {
    return this.#ended;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** How many listeners read until the end. */
  get readerCount(): number {
    return this.#endListeners.size;
  }

  /** Continues the sequence of an earlier daemon in this program. Call before the first event. */
  continueAfter(sequence: number): void {
    this.#head = sequence;
    this.#first = sequence + 1;
  }

  /** Call after the state has changed: a listener that asks for the state must see the new one. */
  publish(event: Unsequenced): void {
    this.#head += 1;
    const { unixMs, steadyMs } = currentMoment();
    const sequenced = { ...event, sequence: this.#head, timeMs: unixMs } as GafferdEvent;
    this.#tell(this.#firstListeners, sequenced);
    this.#recent[this.#head % keptEvents] = sequenced;
    this.#steadyMs[this.#head % keptEvents] = steadyMs;
    this.#tell(this.#listeners, sequenced);
  }

  /** Call after the last event. */
  end(): void {
    this.#ended = true;
    this.#tell(this.#endListeners, undefined);
  }

  /** The event of a sequence, or undefined if it is not kept. */
  at(sequence: number): GafferdEvent | undefined {
    if (sequence < this.oldest || sequence > this.#head) return undefined;
    return this.#recent[sequence % keptEvents];
  }

  /** When a remembered event came, on the steady clock. */
  steadyMsOf(sequence: number): number {
    return this.#steadyMs[sequence % keptEvents] ?? 0;
  }

  /** Returns a function that ends the subscription. `onEnd` is called after the last event. */
  subscribe(listener: (event: GafferdEvent) => void, onEnd?: () => void): () => void {
    this.#listeners.add(listener);
    if (onEnd !== undefined) this.#endListeners.add(onEnd);
    return () => {
      this.#listeners.delete(listener);
      if (onEnd !== undefined) this.#endListeners.delete(onEnd);
    };
  }

  /** Like `subscribe`, but called before all other listeners: for writing an event to disk before it is seen. */
  before(listener: (event: GafferdEvent) => void): () => void {
    this.#firstListeners.add(listener);
    return () => void this.#firstListeners.delete(listener);
  }

  #tell<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
