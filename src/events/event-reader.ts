import type { EventBus } from "./bus.ts";
import type { GafferdEvent } from "./event.ts";
import { type EventPattern, matches } from "./pattern.ts";

/** Where a reader begins. */
export type EventStart =
  /** At the next event. */
  | { readonly kind: "now" }
  /** After the event of this sequence. */
  | { readonly kind: "after"; readonly sequence: number }
  /** At the first event at or after this time on the steady clock. */
  | { readonly kind: "since"; readonly steadyMs: number }
  /** At the oldest event that is kept, with a gap of unknown size before it. */
  | { readonly kind: "restart" };

/** What a reader gets. A gap counts the events, of any type, that are no longer kept; undefined if the number is unknown. */
export type EventItem =
  | { readonly kind: "event"; readonly event: GafferdEvent }
  | { readonly kind: "gap"; readonly events: number | undefined };

/** A position in the sequence of events. It holds no events. The creator must `close` it. */
export class EventReader {
  readonly #bus: EventBus;
  readonly #pattern: EventPattern;
  readonly #unsubscribe: () => void;
  #lastSequence: number;
  #isLost: boolean;

  /** `onReady` is called when there may be something to read. It must return quickly. */
  constructor(bus: EventBus, options: { pattern: EventPattern; start: EventStart; onReady: () => void }) {
    this.#bus = bus;
    this.#pattern = options.pattern;
    this.#lastSequence = lastBefore(bus, options.start);
    this.#isLost = options.start.kind === "restart";
    const { onReady } = options;
    this.#unsubscribe = bus.subscribe((event) => matches(this.#pattern, event) && onReady(), onReady);
  }

  /** Whether the last event was read. */
  get ended(): boolean {
    return this.#bus.ended && this.#lastSequence === this.#bus.head;
  }

  /** The sequence of the last event that was read or skipped. */
  get position(): number {
    return this.#lastSequence;
  }

  /** The next item, or undefined if there is none yet. */
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
