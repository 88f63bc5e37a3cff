import { toExitStatusDocument } from "../../documents/exit-status-document.ts";
import type { GapDocument, OutputDocument } from "../../documents/document-schemas.ts";
import type { Ring } from "../../output/ring.ts";
import { characterEnd } from "../../output/output-range.ts";
import type { OutputItem } from "../../reading/output-reader.ts";
import { type OutputGap, sizeOfGap } from "../../reading/output-source.ts";
import { EncodedOnce } from "../feed/encoded-once.ts";
import type { FeedFormat } from "../feed/feed-query.ts";
import { maxLineBytes, toJsonLine } from "../feed/json-line.ts";
import { encodeGreeting, encodeJsonEvent, encodeTextEvent } from "../feed/sse.ts";
import { maxIdLength } from "../feed/stream-id.ts";
import { toTime } from "../../documents/time.ts";
import { eventNameOf } from "./event-name.ts";

/** Turns what a reader is told into what a client is sent. */
export interface OutputEncoder {
  /** What to send first, empty for nothing. `id` is where the client begins, so that it can resume before it saw a byte. */
  greet(id: string | undefined): Uint8Array;
  /** What to send, empty for nothing. Of output it may be less than there is: `place.after` hears it. */
  encode(item: OutputItem, place: EncodingPlace): Uint8Array;
  /** So much output is encoded at once at most. */
  readonly maxBytes: number;
  /** A client can see from what is sent that bytes are missing. */
  readonly namesGaps: boolean;
}

/** Where the reader is. */
export interface EncodingPlace {
  /** The id before the item; undefined where none was made yet. */
  readonly before: string | undefined;
  /** The id after the item; with `to` after the part of its output that ends there, and the rest is given again. */
  after(to?: number): string;
}

type Bytes = Extract<OutputItem, { kind: "bytes" }>;

/** What an event holds beside its data, with an id as long as ids can be, and a label as long as is sensible. */
const aroundBytes = 512;
const eventBytes = maxLineBytes - aroundBytes;
const base64Bytes = (eventBytes / 4) * 3;
/** Larger pieces cost less for each byte, and a raw feed promises no size (measured by `bun run bench`). */
const rawBytes = 256 * 1024;
const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** Server-sent events. */
export function createEventEncoder(format: FeedFormat): OutputEncoder {
  return {
    greet: encodeGreeting,
    maxBytes: format === "base64" ? base64Bytes : eventBytes,
    namesGaps: true,
    encode(item, place) {
      switch (item.kind) {
        case "gap":
          return encodeJsonEvent("gap", toGapDocument(item), place.after());
        case "exit": {
          const { id: pid, exit } = item.process;
          return encodeJsonEvent("exit", { pid, ...toExitStatusDocument(exit?.status) }, place.after());
        }
        case "spawn": {
          const { id: pid, osPid } = item.process;
          return encodeJsonEvent("spawn", { pid, os_pid: osPid }, place.after());
        }
        case "bytes":
          return encodeOutputEvent(item, format, place);
      }
    },
  };
}

/** How raw bytes are given: copied, or as they lie in the ring, for a reader that holds them there. */
export type RawMemory = "copied" | "held";

/** Bytes as they are, or a line of JSON or base64 for those that came together. */
export function createRawEncoder(format: FeedFormat, memory: RawMemory = "copied"): OutputEncoder {
  return {
    greet: () => nothing,
    maxBytes: format === "text" ? rawBytes : format === "base64" ? base64Bytes : eventBytes,
    namesGaps: format === "json",
    encode(item, place) {
      if (item.kind === "gap" && format === "json")
        return encoder.encode(`${toJsonLine({ gap: toGapDocument(item) })}\n`);
      if (item.kind !== "bytes") return nothing;
      if (format === "text")
        return memory === "held" ? contiguous(item.ring, item.from, item.to) : item.ring.copy(item.from, item.to);
      if (format === "base64") return encoder.encode(`${toBase64(item)}\n`);
      const { json, to } = toJson(item);
      place.after(to);
      return encoder.encode(`${json}\n`);
    },
  };
}

export function toGapDocument(gap: OutputGap): GapDocument {
  const { processId, label, from, to } = gap;
  return {
    ...(processId === undefined ? {} : { pid: processId }),
    ...(label === undefined ? {} : { stream: label }),
    bytes: sizeOfGap(gap) ?? null,
    from: from ?? null,
    to: to ?? null,
  };
}

interface SharedEvent {
  readonly frame: Uint8Array;
  /** Up to where it holds the output. */
  readonly to: number;
}

/** The newest of what readers are sent who are at the same place in a ring: 1,000 live tails cost one encoding. */
const sharedEvents = new EncodedOnce<Ring, SharedEvent>(32);

/** Call when a reader of these rings has left: keeps events for the readers that are left, if there are several. */
export function dropSharedEvents(rings: Iterable<Ring>): void {
  for (const ring of rings) if (ring.cursors.size < 2) sharedEvents.forget(ring);
}

/** The same bytes after the same id make the same event. */
function encodeOutputEvent(item: Bytes, format: FeedFormat, place: EncodingPlace): Uint8Array {
  const { ring, label, from, to } = item;
  const encode = (): SharedEvent => {
    let taken = to;
    const after = (end: number) => {
      taken = end;
      return place.after(end);
    };
    return { frame: eventEncoders[format](item, after), to: taken };
  };
  if (ring.cursors.size < 2 || place.before === undefined) {
    sharedEvents.forget(ring);
    return encode().frame;
  }
  let isMine = false;
  const encodeMine = () => {
    isMine = true;
    return encode();
  };
  const shared = sharedEvents.get(ring, encodeMine, `${format} ${label} ${from}-${to} ${place.before}`);
  if (!isMine) place.after(shared.to);
  return shared.frame;
}

type EventEncoder = (item: Bytes, after: (to: number) => string) => Uint8Array;

const eventEncoders: Readonly<Record<FeedFormat, EventEncoder>> = {
  text(item, after) {
    const { ring, label, to } = item;
    const before = `event: ${eventNameOf(label)}\n`;
    // The client ended the line at the carriage return before: this would be an empty line too many.
    const isHalf =
      item.from > ring.oldest && ring.byteAt(item.from - 1) === carriageReturn && ring.byteAt(item.from) === newline;
    const from = isHalf ? item.from + 1 : item.from;
    if (from === to) return encodeGreeting(after(to));
    const maxBytes = maxLineBytes - before.length - maxIdLength - "id: \n\n".length;
    return encodeTextEvent(contiguous(ring, from, to), {
      before,
      after: (taken) => `id: ${after(from + taken)}\n\n`,
      maxBytes,
    });
  },
  json(item, after) {
    const { json, to } = toJson(item);
    return encoder.encode(`event: ${eventNameOf(item.label)}\ndata: ${json}\nid: ${after(to)}\n\n`);
  },
  base64(item, after) {
    return encoder.encode(`event: ${eventNameOf(item.label)}\ndata: ${toBase64(item)}\nid: ${after(item.to)}\n\n`);
  },
};

/** As much of some output as JSON may hold, which escapes may make six times as long. */
function toJson(item: Bytes): { readonly json: string; readonly to: number } {
  let { to } = item;
  for (;;) {
    const json = toJsonLine(toJsonDocument(item, to));
    const length = Buffer.byteLength(json);
    if (length <= eventBytes || to - item.from <= fewBytes) return { json, to };
    to = cutBefore(item, item.from + Math.max(fewBytes, Math.floor(((to - item.from) * eventBytes) / length)));
  }
}

/** The end of the last line before `to`, or of the last character. */
function cutBefore({ ring, from }: Bytes, to: number): number {
  return ring.lineEndBefore(from, to) ?? characterEnd(ring, from, to);
}

function toJsonDocument({ process, label, ring, from }: Bytes, to: number): OutputDocument {
  return {
    pid: process.id,
    name: process.template.name,
    stream: label,
    time: toTime(ring.arrivals.unixMsAt(from)),
    data: Buffer.from(ring.copy(from, to).buffer).toString("utf8"),
    ...(ring.isLineEnd(to) ? {} : { partial: true }),
  };
}

function contiguous(ring: Ring, from: number, to: number): Uint8Array {
  const view = ring.view(from, to);
  return view.length === to - from ? view : ring.copy(from, to);
}

function toBase64({ ring, from, to }: Bytes): string {
  return Buffer.from(ring.copy(from, to).buffer).toString("base64");
}

const newline = 10;
const carriageReturn = 13;
/** So little fits whatever it is. */
const fewBytes = 1024;
