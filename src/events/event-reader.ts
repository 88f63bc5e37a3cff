import type { EventBus } from "./bus.ts";
import type { GafferdEvent } from "./event.ts";
import { type EventPattern, matches } from "./pattern.ts";

/** Where to begin. */
export type EventStart =
  /** With the next event. */
  | { readonly kind: "now" }
  /** After the event of this sequence. */
  | { readonly kind: "after"; readonly sequence: number }
  /** With what came then, on the steady clock, or later. */
  | { readonly kind: "since"; readonly steadyMs: number }
  /** With the oldest that is remembered, when nobody can say what was missed. */
  | { readonly kind: "restart" };

/** What a reader is told. A gap: so many events came, of any kind, that are not remembered; undefined: nobody knows. */
export type EventItem =
  | { readonly kind: "event"; readonly event: GafferdEvent }
  | { readonly kind: "gap"; readonly events: number | undefined };

/** A place in the sequence of events. It holds none; who creates it must `close` it. */
export class EventReader {
  readonly #bus: EventBus;
  readonly #pattern: EventPattern;
  readonly #unsubscribe: () => void;
  #lastSequence: number;
  #isLost: boolean;

  /** `onReady` is called when there may be something to read; it must return at once. */
  constructor(bus: EventBus, options: { pattern: EventPattern; start: EventStart; onReady: () => void }) {
    this.#bus = bus;
    this.#pattern = options.pattern;
    this.#lastSequence = lastBefore(bus, options.start);
    this.#isLost = options.start.kind === "restart";
    const { onReady } = options;
    this.#unsubscribe = bus.subscribe((event) => matches(this.#pattern, event) && onReady(), onReady);
  }

  /** All was given that there will ever be. */
  get ended(): boolean {
    return this.#bus.ended && this.#lastSequence === this.#bus.head;
  }

  /** The sequence of the last event that was given or passed over. */
  get position(): number {
    return this.#lastSequence;
  }

  /** What comes next; undefined when there is nothing now. */
  next(): EventItem | undefined {
    if (this.#isLost) {
      this.#isLost = false;
      return { kind: "gap", events: undefined };
    }
    const missed = this.#bus.oldest - 1 - this.#lastSequence;
    if (missed > 0) {
      this.#lastSequence += missed;
      return { kind: "gap", events: missed };
    }
    while (this.#lastSequence < this.#bus.head) {
      this.#lastSequence += 1;
      const event = this.#bus.at(this.#lastSequence);
      if (event !== undefined && matches(this.#pattern, event)) return { kind: "event", event };
    }
    return undefined;
  }

  close(): void {
    this.#unsubscribe();
  }
}

function lastBefore(bus: EventBus, start: EventStart): number {
  switch (start.kind) {
    case "now":
      return bus.head;
    case "after":
      return start.sequence;
    case "restart":
      return bus.oldest - 1;
    case "since": {
      let sequence = bus.head;
      while (sequence >= bus.oldest && bus.steadyMsOf(sequence) >= start.steadyMs) sequence -= 1;
      return sequence;
    }
  }
}
