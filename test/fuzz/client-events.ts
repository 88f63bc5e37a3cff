import fc from "fast-check";
import { EventParser, type StreamEvent } from "../../src/client/event-parser.ts";
import { inTime, pureTarget } from "./target.ts";
import { damaged, oddText } from "./text.ts";

const line = fc.oneof(
  fc
    .tuple(fc.constantFrom("data", "id", "event", "retry", "", "other"), fc.constantFrom(":", ": ", ""), oddText)
    .map((parts) => parts.join("")),
  oddText,
  fc.constant(""),
);
const stream = damaged(
  fc
    .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r", "\n\n")), { maxLength: 10 })
    .map((lines) => Buffer.from(lines.flat().join(""))),
);

/** The client's event parser gives the same events wherever the stream of bytes is cut. */
export const clientEvents = pureTarget(
  "client-events",
  2000,
  fc.property(stream, fc.array(fc.nat({ max: 64 }), { maxLength: 40 }), (bytes, lengths) => {
    const whole = read([bytes]);
    const pieces = read(cut(bytes, lengths));
    if (JSON.stringify(pieces) !== JSON.stringify(whole)) {
      throw new Error(`in one piece: ${JSON.stringify(whole)}; in pieces: ${JSON.stringify(pieces)}`);
    }
  }),
);

interface Reading {
  readonly events: readonly StreamEvent[];
  readonly lastId: string;
  readonly retryMs: number | undefined;
}

function read(pieces: readonly Uint8Array[]): Reading {
  const parser = new EventParser();
  const events = inTime(() => pieces.flatMap((piece) => parser.push(piece)));
  return { events, lastId: parser.lastId, retryMs: parser.retryMs };
}

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(from, from + length));
    from += length;
  }
  return [...pieces, bytes.subarray(from)];
}
