import { toExitStatusDocument } from "../../documents/exit-status-document.ts";
import type { GapDocument, OutputDocument } from "../../documents/document-schemas.ts";
import type { Ring } from "../../output/ring.ts";
import { characterEnd } from "../../output/output-range.ts";
import type { OutputItem } from "../../reading/output-reader.ts";
import { type OutputGap, type OutputProcess, sizeOfGap } from "../../reading/output-source.ts";
import { EncodingCache } from "../feed/encoding-cache.ts";
import type { FeedFormat } from "../feed/feed-query.ts";
import { type Allocate, PieceMemory } from "../feed/piece-memory.ts";
import { maxLineBytes, toJsonLine } from "../feed/json-line.ts";
import { encodeGreeting, encodeJsonEvent, encodeTextEvent } from "../feed/sse.ts";
import { maxIdLength } from "../feed/stream-id.ts";
import { toTime } from "../../documents/time.ts";
import { eventNameOf } from "../feed/event-name.ts";

/** Encodes output, gaps and process events for a client. */
export interface OutputEncoder {
  /** The first bytes to send; may be empty. `id` is where the stream starts, so that a client without data can resume. */
  greet(id: string | undefined): Uint8Array;
  /**
   * The bytes to send; may be empty. May encode only the beginning of the output; it then calls `place.after(to)`.
   * `allocate` returns memory for an encoding that no other reader shares; default: memory of its own.
   */
  encode(item: OutputItem, place: EncodingPlace, allocate?: Allocate): Uint8Array;
  /** Maximum number of output bytes in an item. */
  readonly maxBytes: number;
  /** The encoding reports gaps, so a client can see that bytes are missing. */
  readonly namesGaps: boolean;
}

/** The position of the reader, as ids. */
export interface EncodingPlace {
  /** The id before the item. Undefined if there is none yet. */
  readonly before: string | undefined;
  /** The id after the item. With `to`, the id after its output up to `to`; the reader then returns the rest again. */
  after(to?: number): string;
}

type Bytes = Extract<OutputItem, { kind: "bytes" }>;

/** Space for the parts of an event other than its data, with the longest id and a label of reasonable length. */
const aroundBytes = 512;
const eventBytes = maxLineBytes - aroundBytes;
const base64Bytes = (eventBytes / 4) * 3;
/** Large pieces cost less per byte, and a raw feed has no maximum piece size (measured with `bun run bench`). */
const rawBytes = 256 * 1024;
const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** The parts of server-sent events that not all feeds have in common. */
export interface EventEncoding {
  /** The first bytes to send. */
  greet(id: string | undefined): Uint8Array;
  /** The data of the event `exit`. */
  exitOf(process: OutputProcess): object;
}

const plainEncoding: EventEncoding = {
  greet: encodeGreeting,
  exitOf: ({ id: pid, exit }) => ({ pid, ...toExitStatusDocument(exit?.status) }),
};

/** Server-sent events. */
export function createEventEncoder(format: FeedFormat, { greet, exitOf } = plainEncoding): OutputEncoder {
  return {
    greet,
    maxBytes: format === "base64" ? base64Bytes : eventBytes,
    namesGaps: true,
    encode(item, place, allocate) {
      switch (item.kind) {
        case "gap":
          return encodeJsonEvent("gap", toGapDocument(item), place.after());
        case "exit":
          return encodeJsonEvent("exit", exitOf(item.process), place.after());
        case "spawn": {
          const { id: pid, osPid } = item.process;
          return encodeJsonEvent("spawn", { pid, os_pid: osPid }, place.after());
        }
        case "bytes":
          return encodeOutputEvent(item, format, { place, allocate });
      }
    },
  };
}

/** Whether raw bytes are copied, or are views of the ring for a reader that holds them there. */
export type RawMemory = "copied" | "held";

/** Raw bytes, or one line of JSON or Base64 per piece of output. */
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
  /** The offset where its output ends. */
  readonly to: number;
}

/** The newest events per ring. Readers at the same position share them: 1,000 live tails cost one encoding. */
const sharedEvents = new EncodingCache<Ring, SharedEvent>(32);
/** The memory of the newest events. */
const sharedMemory = new EncodingCache<Ring, PieceMemory>();

/** Call when a reader of these rings has closed. Drops the shared events of rings with fewer than two readers. */
export function dropSharedEvents(rings: Iterable<Ring>): void {
  for (const ring of rings) if (ring.cursors.size < 2) forgetShared(ring);
}

function forgetShared(ring: Ring): void {
  sharedEvents.forget(ring);
  sharedMemory.forget(ring);
}

/** Shares the event with other readers: the same bytes after the same id give the same event. */
function encodeOutputEvent(
  item: Bytes,
  format: FeedFormat,
  { place, allocate }: { readonly place: EncodingPlace; readonly allocate: Allocate | undefined },
): Uint8Array {
  const { ring, label, from, to } = item;
  const encode = (memory?: Allocate): SharedEvent => {
    let taken = to;
    const after = (end: number) => {
      taken = end;
      return place.after(end);
    };
    return { frame: eventEncoders[format](item, after, memory), to: taken };
  };
  if (ring.cursors.size < 2 || place.before === undefined) {
    forgetShared(ring);
    return encode(allocate).frame;
  }
  let isNew = false;
  const encodeNew = () => {
    isNew = true;
    return encode(sharedMemory.get(ring, () => new PieceMemory()).allocate);
  };
  const shared = sharedEvents.get(ring, encodeNew, `${format} ${label} ${from}-${to} ${place.before}`);
  if (!isNew) place.after(shared.to);
  return shared.frame;
}

type EventEncoder = (item: Bytes, after: (to: number) => string, allocate: Allocate | undefined) => Uint8Array;

const eventEncoders: Readonly<Record<FeedFormat, EventEncoder>> = {
  text(item, after, allocate) {
    const { ring, label, to } = item;
    const before = `event: ${eventNameOf(label)}\n`;
    // The client has already ended the line at the preceding carriage return; do not send an empty line.
    const isHalf =
      item.from > ring.oldest && ring.byteAt(item.from - 1) === carriageReturn && ring.byteAt(item.from) === newline;
    const from = isHalf ? item.from + 1 : item.from;
    if (from === to) return encodeGreeting(after(to));
    const maxBytes = maxLineBytes - before.length - maxIdLength - "id: \n\n".length;
    return encodeTextEvent(contiguous(ring, from, to), {
      before,
      after: (taken) => `id: ${after(from + taken)}\n\n`,
      maxBytes,
      allocate,
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

/** Encodes as much output as fits into an event. JSON escapes can make it six times as long. */
function toJson(item: Bytes): { readonly json: string; readonly to: number } {
  let { to } = item;
  for (;;) {
    const json = toJsonLine(toJsonDocument(item, to));
    const length = Buffer.byteLength(json);
    if (length <= eventBytes || to - item.from <= minBytes) return { json, to };
    to = cutBefore(item, item.from + Math.max(minBytes, Math.floor(((to - item.from) * eventBytes) / length)));
  }
}

/** The end of the last line before `to`, or else of the last character. */
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
/** This many bytes always fit into an event. */
const minBytes = 1024;
