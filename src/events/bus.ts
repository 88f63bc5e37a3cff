import { currentMoment } from "../moment.ts";
import type { GafferdEvent, Unsequenced } from "./event.ts";

/** So many events can be read again. */
const keptEvents = 1000;

/** Tells every subscriber of each event, in order, at once, and remembers the last 1,000. */
export class EventBus {
  readonly #firstListeners = new Set<(event: GafferdEvent) => void>();
  readonly #listeners = new Set<(event: GafferdEvent) => void>();
  readonly #endListeners = new Set<() => void>();
  readonly #onListenerError: (error: unknown) => void;
  /** The event of sequence n stands at n modulo its length. */
  readonly #recent: GafferdEvent[] = [];
  /** When each of those came, on the steady clock. */
  readonly #steadyMs: number[] = [];
  #head = 0;
  #ended = false;

  /** `onListenerError` hears what a listener throws; the others are told all the same. */
  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** The sequence of the newest event; 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** The sequence of the oldest event that is remembered; 1 before the first. */
  get oldest(): number {
    return Math.max(1, this.#head - keptEvents + 1);
  }

  /** No event will follow. */
  get ended(): boolean {
    return this.#ended;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** How many of them read until the end. */
  get readerCount(): number {
    return this.#endListeners.size;
  }

  /** Publish after the state has changed, so that who asks on the event sees it. */
  publish(event: Unsequenced): void {
    this.#head += 1;
    const { unixMs, steadyMs } = currentMoment();
    const sequenced = { ...event, sequence: this.#head, timeMs: unixMs } as GafferdEvent;
    this.#tell(this.#firstListeners, sequenced);
    this.#recent[this.#head % keptEvents] = sequenced;
    this.#steadyMs[this.#head % keptEvents] = steadyMs;
    this.#tell(this.#listeners, sequenced);
  }

  /** Says that no event will follow. */
  end(): void {
    this.#ended = true;
    this.#tell(this.#endListeners, undefined);
  }

  /** A remembered event; undefined for any other sequence. */
  at(sequence: number): GafferdEvent | undefined {
    if (sequence < this.oldest || sequence > this.#head) return undefined;
    return this.#recent[sequence % keptEvents];
  }

  /** When a remembered event came, on the steady clock. */
  steadyMsOf(sequence: number): number {
    return this.#steadyMs[sequence % keptEvents] ?? 0;
  }

  /** Returns the function that ends the subscription. `onEnd` is called when no event will follow. */
  subscribe(listener: (event: GafferdEvent) => void, onEnd?: () => void): () => void {
    this.#listeners.add(listener);
    if (onEnd !== undefined) this.#endListeners.add(onEnd);
    return () => {
      this.#listeners.delete(listener);
      if (onEnd !== undefined) this.#endListeners.delete(onEnd);
    };
  }

  /** Like `subscribe`, for who must have written an event down before anybody else can know of it. */
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
