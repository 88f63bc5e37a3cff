import type { OutputGap } from "../../reading/output-source.ts";
import type { OutputItem } from "../../reading/output-reader.ts";
import type { GapDocument, OutputDocument } from "../../documents/document-schemas.ts";
import { toExitStatusDocument } from "../../documents/exit-status-document.ts";
import { encodeSharedEvent } from "./shared-frames.ts";
import type { FeedFormat } from "../feed/feed-query.ts";
import { encodeGreeting, encodeJsonEvent, encodeTextEvent } from "../feed/sse.ts";

/** Turns what a reader is told into what a client is sent. */
export interface OutputEncoder {
  /** What to send first, empty for nothing. `id` is where the client begins, so that it can resume before it saw a byte. */
  greet(id: string | undefined): Uint8Array;
  /** What to send, empty for nothing. */
  encode(item: OutputItem, id: () => string): Uint8Array;
  /** So much output is encoded at once at most. */
  readonly maxBytes: number;
  /** A client can see from what is sent that bytes are missing. */
  readonly namesGaps: boolean;
}

type Bytes = Extract<OutputItem, { kind: "bytes" }>;

const eventBytes = 64 * 1024;
/** Larger pieces cost less for each byte, and a raw feed promises no size (measured by `bun run bench`). */
const rawBytes = 256 * 1024;
const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** Server-sent events. */
export function createEventEncoder(format: FeedFormat): OutputEncoder {
  return {
    greet: encodeGreeting,
    maxBytes: eventBytes,
    namesGaps: true,
    encode(item, id) {
      if (item.kind === "gap") return encodeJsonEvent("gap", toGapDocument(item), id());
      if (item.kind === "exit")
        return encodeJsonEvent(
          "exit",
          { pid: item.process.id, ...toExitStatusDocument(item.process.exit?.status) },
          id(),
        );
      if (item.kind === "spawn") {
        const { id: pid, osPid } = item.process;
        return encodeJsonEvent("spawn", { pid, os_pid: osPid }, id());
      }
      const { label, ring, from, to } = item;
      if (format === "json") return encodeJsonEvent(label, toJsonDocument(item), id());
      const before = `event: ${label}\n`;
      const after = `id: ${id()}\n\n`;
      if (format === "text") {
        return encodeSharedEvent(ring, { from, before, after }, () => encodeTextEvent(contiguous(item), before, after));
      }
      return encoder.encode(`${before}data: ${toBase64(ring.copy(from, to))}\n${after}`);
    },
  };
}

/** How raw bytes are given: copied, or as they lie in the ring, for a reader that holds them there. */
export type RawMemory = "copied" | "held";

/** Bytes as they are, or a line of JSON or base64 for those that came together. */
export function createRawEncoder(format: FeedFormat, memory: RawMemory = "copied"): OutputEncoder {
  return {
    greet: () => nothing,
    maxBytes: format === "text" ? rawBytes : eventBytes,
    namesGaps: format === "json",
    encode(item) {
      if (item.kind === "gap" && format === "json") return jsonLine({ gap: toGapDocument(item) });
      if (item.kind !== "bytes") return nothing;
      if (format === "text") return memory === "held" ? contiguous(item) : item.ring.copy(item.from, item.to);
      if (format === "json") return jsonLine(toJsonDocument(item));
      return encoder.encode(`${toBase64(item.ring.copy(item.from, item.to))}\n`);
    },
  };
}

export function toGapDocument({ processId, label, from, to }: OutputGap): GapDocument {
  const bytes = from === undefined || to === undefined ? null : to - from;
  return {
    ...(processId === undefined ? {} : { pid: processId }),
    ...(label === undefined ? {} : { stream: label }),
    bytes,
    from: from ?? null,
    to: to ?? null,
  };
}

function toJsonDocument({ process, label, ring, from, to }: Bytes): OutputDocument {
  return {
    pid: process.id,
    name: process.template.name,
    stream: label,
    time: new Date(ring.arrivals.unixMsAt(from)).toISOString(),
    data: Buffer.from(ring.copy(from, to).buffer).toString("utf8"),
  };
}

function contiguous({ ring, from, to }: Bytes): Uint8Array {
  const view = ring.view(from, to);
  return view.length === to - from ? view : ring.copy(from, to);
}

function jsonLine(value: unknown): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
