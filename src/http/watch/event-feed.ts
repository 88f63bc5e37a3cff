import type { EventBus } from "../../events/bus.ts";
import type { EventPosition } from "../../events/event-archive.ts";
import type { GafferdEvent } from "../../events/event.ts";
import { type EventItem, EventReader, type EventStart } from "../../events/event-reader.ts";
import type { EventPattern } from "../../events/pattern.ts";
import { toEventDocument } from "../../documents/event-document.ts";
import { formatEventId } from "./event-id.ts";
import type { WakeThrottle } from "./wake-throttle.ts";
import { EncodingCache } from "../feed/encoding-cache.ts";
import type { FeedSource } from "../feed/feed.ts";
import { toJsonLine } from "../feed/json-line.ts";
import { encodeGreeting, encodeJsonEvent } from "../feed/sse.ts";

/** Encodes events and gaps for a client. */
export interface EventEncoder {
  /** The first bytes to send. `position` is where the stream starts, so that a client without an event yet can resume. */
  greet(position: EventPosition | undefined): Uint8Array;
  encode(item: EventItem): Uint8Array;
}

/** The source of a feed of events. */
export class EventFeed implements FeedSource {
  readonly greeting: Uint8Array;
  readonly dueMs = undefined;
  readonly abortReason = undefined;
  readonly #reader: EventReader;
  readonly #encoder: EventEncoder;

  constructor(
    bus: EventBus,
    options: {
      pattern: EventPattern;
      start: EventStart;
      encoder: EventEncoder;
      throttle: WakeThrottle;
      wake: () => void;
    },
  ) {
    const { pattern, start, throttle, wake } = options;
    this.#reader = new EventReader(bus, { pattern, start, onReady: () => throttle.schedule(wake) });
    this.#encoder = options.encoder;
    // A client that resumes keeps its id until it has received the gap event for what it missed.
    const isNew = start.kind === "now" || start.kind === "since";
    this.greeting = options.encoder.greet(isNew ? this.#reader.position : undefined);
  }

  get ended(): boolean {
    return this.#reader.ended;
  }

  next(): Uint8Array | undefined {
    const item = this.#reader.next();
    return item && this.#encoder.encode(item);
  }

  close(): void {
    this.#reader.close();
  }
}

/** Shared by all watchers: each event is encoded once. */
const frames = new EncodingCache<GafferdEvent, Uint8Array>();

/** Server-sent events: `event: exit\ndata: {"event":"exit",…}\nid: …\n\n`. */
export const eventStreamEncoder: EventEncoder = {
  greet: (position) => encodeGreeting(position === undefined ? undefined : formatEventId(position)),
  encode(item) {
    const id = formatEventId(item.position);
    if (item.kind === "gap") return encodeJsonEvent("gap", toGapDocument(item), id);
    const { event, position } = item;
    return frames.get(event, () => encodeJsonEvent(event.type, toEventDocument(event, position.boot), id));
  },
};

const emptyLine = Buffer.from("\n");

/** One line of JSON per event or gap. */
export const eventLineEncoder: EventEncoder = {
  greet: () => emptyLine,
  encode(item) {
    const document =
      item.kind === "gap" ? { gap: toGapDocument(item) } : toEventDocument(item.event, item.position.boot);
    return Buffer.from(`${toJsonLine(document)}\n`);
  },
};

function toGapDocument({ events }: { readonly events: number | undefined }) {
  return { events: events ?? null };
}
