import type { Ring } from "./ring.ts";

/** What is never split between two items: bytes, UTF-8 characters, or lines. */
export type OutputUnit = "bytes" | "characters" | "lines";

export interface RangeOptions {
  /** The position of the first byte. At least one byte must be available. */
  readonly from: number;
  /** The maximum length, at least 4. */
  readonly maxBytes: number;
  /** Bytes with this rank or a greater one are read later, after another output. */
  readonly beforeRank: number;
  /** End the range where bytes arrived more than about 10 ms apart, except within a line. */
  readonly byArrival: boolean;
}

/**
 * Ranges end at the last line end before a multiple of this share of `maxBytes`. Readers at different positions then reach
 * the same boundaries and can share framed output. The rest of `maxBytes` has space for the line that such a multiple cuts.
 */
const stepShare = 7 / 8;
const maxCharacterBytes = 4;

/** The end of the next range of bytes, which may end within a line. */
export function endOfBytes(ring: Ring, options: RangeOptions): number {
  return Math.max(options.from + 1, preferredEnd(ring, options));
}

/** The end of the next range of whole lines. The first line ends at `lineEnd`. A line that is too long is cut. */
export function endOfLines(ring: Ring, options: RangeOptions & { readonly lineEnd: number }): number {
  const { from, lineEnd, maxBytes } = options;
  if (lineEnd - from > maxBytes) return characterEnd(ring, from, from + maxBytes);
  const preferred = preferredEnd(ring, options);
  return ring.lineEndBefore(from, preferred) ?? ring.lastReturnBefore(lineEnd, preferred - 1) ?? lineEnd;
}

/** The last position in `from`…`to` that does not split a UTF-8 character; `to` if the bytes are not UTF-8. */
export function characterEnd(ring: Ring, from: number, to: number): number {
  const tail = ring.copy(Math.max(from, to - maxCharacterBytes), to);
  for (let back = 1; back <= tail.length; back++) {
    const byte = tail[tail.length - back] ?? 0;
    if (byte < 0x80) return to;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? to - back : to;
  }
  return to;
}

function preferredEnd(ring: Ring, { from, maxBytes, beforeRank, byArrival }: RangeOptions): number {
  const turnEnd = beforeRank === Infinity ? ring.head : ring.countBefore(beforeRank);
  const arrivalEnd = byArrival ? (ring.arrivals.nextAfter(from) ?? ring.head) : ring.head;
  const step = maxBytes * stepShare;
  const boundary = Math.ceil((Math.floor((from + maxBytes - step) / step) + 1) * step);
  return Math.min(turnEnd, arrivalEnd, boundary, from + maxBytes, ring.head);
}
