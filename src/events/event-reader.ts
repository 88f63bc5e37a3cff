import { bootId } from "../boot.ts";
import type { EventBus } from "./bus.ts";
import type { EventPosition } from "./event-archive.ts";
import type { GafferdEvent } from "./event.ts";
import { type EventPattern, matches } from "./pattern.ts";

/** Where a reader begins. */
export type EventStart =
  /** At the next event. */
  | { readonly kind: "now" }
  /** After the event of this sequence, of an earlier boot if one is named. */
  | { readonly kind: "after"; readonly sequence: number; readonly boot?: string }
  /** At the first event at or after this time, on both clocks. */
  | { readonly kind: "since"; readonly steadyMs: number; readonly unixMs: number };

/** What a reader gets. A gap counts the events, of any type, that are no longer kept; undefined if the number is unknown. */
export type EventItem =
  | { readonly kind: "event"; readonly event: GafferdEvent; readonly position: EventPosition }
  | { readonly kind: "gap"; readonly events: number | undefined; readonly position: EventPosition };

/** Events of the archive that were read together, and how many of them were taken. */
interface Page {
  readonly boot: string;
  readonly events: readonly GafferdEvent[];
  taken: number;
}

/** A position in the sequence of events. It holds at most one page of the archive. The creator must `close` it. */
export class EventReader {
  readonly #bus: EventBus;
  readonly #pattern: EventPattern;
  readonly #unsubscribe: () => void;
  #position: EventPosition;
  #page: Page | undefined;

  /** `onReady` is called when there may be something to read. It must return quickly. */
  constructor(bus: EventBus, options: { pattern: EventPattern; start: EventStart; onReady: () => void }) {
    this.#bus = bus;
    this.#pattern = options.pattern;
    this.#position = startOf(bus, options.start);
    const { onReady } = options;
    this.#unsubscribe = bus.subscribe((event) => matches(this.#pattern, event) && onReady(), onReady);
  }

  /** Whether the last event was read. */
  get ended(): boolean {
    const { boot, sequence } = this.#position;
    return this.#bus.ended && boot === bootId && sequence === this.#bus.head;
  }

  /** Behind the last event that was read or skipped. */
  get position(): EventPosition {
    return this.#position;
  }

  /** The next item, or undefined if there is none yet. */
  next(): EventItem | undefined {
    for (;;) {
      const event = this.#nextOfPage();
      if (event !== undefined) return { kind: "event", event, position: this.#position };
      if (this.#isLive) return this.#nextLive();
      const item = this.#bus.archive?.after(this.#position);
      if (item === undefined) return this.#skipToLive();
      if (item.kind === "events") this.#page = { boot: item.position.boot, events: item.events, taken: 0 };
      else this.#position = item.position;
      if (item.kind === "gap") return { kind: "gap", events: item.events, position: this.#position };
    }
  }

  close(): void {
    this.#unsubscribe();
  }

  get #isLive(): boolean {
    return this.#position.boot === bootId && this.#position.sequence >= this.#bus.oldest - 1;
  }

  #nextOfPage(): GafferdEvent | undefined {
    const page = this.#page;
    if (page === undefined) return undefined;
    for (;;) {
      const event = page.events[page.taken++];
      if (event === undefined) break;
      this.#position = { boot: page.boot, sequence: event.sequence };
      if (matches(this.#pattern, event)) return event;
    }
    this.#page = undefined;
    return undefined;
  }

  #nextLive(): EventItem | undefined {
    let { sequence } = this.#position;
    while (sequence < this.#bus.head) {
      sequence += 1;
      this.#position = { boot: bootId, sequence };
      const event = this.#bus.at(sequence);
      if (event !== undefined && matches(this.#pattern, event)) {
        return { kind: "event", event, position: this.#position };
      }
    }
    return undefined;
  }

  /** Neither the archive nor the bus has what follows. */
  #skipToLive(): EventItem {
    const { boot, sequence } = this.#position;
    this.#position = { boot: bootId, sequence: this.#bus.oldest - 1 };
    const missed = boot === bootId ? this.#position.sequence - sequence : undefined;
    return { kind: "gap", events: missed, position: this.#position };
  }
}

function startOf(bus: EventBus, start: EventStart): EventPosition {
  const boot = bootId;
  switch (start.kind) {
    case "now":
      return { boot, sequence: bus.head };
    case "after":
      return { boot, ...start };
    case "since": {
      let sequence = bus.head;
      while (sequence >= bus.oldest && bus.steadyMsOf(sequence) >= start.steadyMs) sequence -= 1;
      // Older ones may be in the archive.
      return (sequence < bus.oldest ? bus.archive?.before(start.unixMs) : undefined) ?? { boot, sequence };
    }
  }
}
