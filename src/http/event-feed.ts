import type { EventBus } from "../events/bus.ts";
import type { GafferdEvent } from "../events/event.ts";
import { type EventItem, EventReader, type EventStart } from "../events/event-reader.ts";
import type { EventPattern } from "../events/pattern.ts";
import { toEventDocument } from "./event-document.ts";
import { formatEventId } from "./event-id.ts";
import type { FeedSource } from "./feed.ts";
import { encodeJsonEvent } from "./sse.ts";

/** Turns an item into what a client is sent; `position` is that of the reader after it. */
export type EventEncoder = (item: EventItem, position: number) => Uint8Array;

/** Events as a client is sent them. */
export class EventFeed implements FeedSource {
  readonly dueMs = undefined;
  readonly brokenBecause = undefined;
  readonly #reader: EventReader;
  readonly #encode: EventEncoder;

  constructor(
    bus: EventBus,
    options: { pattern: EventPattern; start: EventStart; encode: EventEncoder; wake: () => void },
  ) {
    this.#reader = new EventReader(bus, { pattern: options.pattern, start: options.start, onReady: options.wake });
    this.#encode = options.encode;
  }

  get ended(): boolean {
    return this.#reader.ended;
  }

  next(): Uint8Array | undefined {
    const item = this.#reader.next();
    return item && this.#encode(item, this.#reader.position);
  }

  close(): void {
    this.#reader.close();
  }
}

/** Each event is encoded once, however many watch. */
const framesOf = new WeakMap<GafferdEvent, Uint8Array>();

/** `event: exit\ndata: {"event":"exit",…}\nid: …\n\n` */
export function encodeEventFrame(item: EventItem, position: number): Uint8Array {
  if (item.kind === "gap") return encodeJsonEvent("gap", toGapDocument(item), formatEventId(position));
  let frame = framesOf.get(item.event);
  if (frame === undefined) {
    frame = encodeJsonEvent(item.event.type, toEventDocument(item.event), formatEventId(item.event.sequence));
    framesOf.set(item.event, frame);
  }
  return frame;
}

/** A line of JSON. */
export function encodeEventLine(item: EventItem): Uint8Array {
  const document = item.kind === "gap" ? { gap: toGapDocument(item) } : toEventDocument(item.event);
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

function toGapDocument({ events }: { readonly events: number | undefined }) {
  return { events: events ?? null };
}
