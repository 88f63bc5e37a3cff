import type { EventBus } from "../../events/bus.ts";
import type { GafferdEvent } from "../../events/event.ts";
import { type EventItem, EventReader, type EventStart } from "../../events/event-reader.ts";
import type { EventPattern } from "../../events/pattern.ts";
import { toEventDocument } from "../../documents/event-document.ts";
import { formatEventId } from "./event-id.ts";
import type { EventPace } from "./event-pace.ts";
import { EncodedOnce } from "../feed/encoded-once.ts";
import type { FeedSource } from "../feed/feed.ts";
import { toJsonLine } from "../feed/json-line.ts";
import { encodeGreeting, encodeJsonEvent } from "../feed/sse.ts";

/** Turns what a reader is told into what a client is sent. */
export interface EventEncoder {
  /** What to send first. `position` is where the client begins, so that it can resume before it saw an event. */
  greet(position: number | undefined): Uint8Array;
  /** `position` is that of the reader after the item. */
  encode(item: EventItem, position: number): Uint8Array;
}

/** Events as a client is sent them. */
export class EventFeed implements FeedSource {
  readonly greeting: Uint8Array;
  readonly dueMs = undefined;
  readonly brokenBecause = undefined;
  readonly #reader: EventReader;
  readonly #encoder: EventEncoder;

  constructor(
    bus: EventBus,
    options: { pattern: EventPattern; start: EventStart; encoder: EventEncoder; pace: EventPace; wake: () => void },
  ) {
    const { pattern, start, pace, wake } = options;
    this.#reader = new EventReader(bus, { pattern, start, onReady: () => pace.wakeSoon(wake) });
    this.#encoder = options.encoder;
    // Who comes with an id keeps it until it was told what it has lost since.
    const isNew = start.kind === "now" || start.kind === "since";
    this.greeting = options.encoder.greet(isNew ? this.#reader.position : undefined);
  }

  get ended(): boolean {
    return this.#reader.ended;
  }

  next(): Uint8Array | undefined {
    const item = this.#reader.next();
    return item && this.#encoder.encode(item, this.#reader.position);
  }

  close(): void {
    this.#reader.close();
  }
}

/** However many watch. */
const frames = new EncodedOnce<GafferdEvent, Uint8Array>();

/** Server-sent events: `event: exit\ndata: {"event":"exit",…}\nid: …\n\n`. */
export const eventStreamEncoder: EventEncoder = {
  greet: (position) => encodeGreeting(position === undefined ? undefined : formatEventId(position)),
  encode(item, position) {
    if (item.kind === "gap") return encodeJsonEvent("gap", toGapDocument(item), formatEventId(position));
    const { event } = item;
    return frames.get(event, () => encodeJsonEvent(event.type, toEventDocument(event), formatEventId(event.sequence)));
  },
};

const emptyLine = Buffer.from("\n");

/** A line of JSON each. */
export const eventLineEncoder: EventEncoder = {
  greet: () => emptyLine,
  encode(item) {
    const document = item.kind === "gap" ? { gap: toGapDocument(item) } : toEventDocument(item.event);
    return Buffer.from(`${toJsonLine(document)}\n`);
  },
};

function toGapDocument({ events }: { readonly events: number | undefined }) {
  return { events: events ?? null };
}
