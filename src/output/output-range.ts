import type { Ring } from "./ring.ts";

/** Whether output is given byte by byte, by UTF-8 characters, or by lines. */
export type OutputUnit = "bytes" | "characters" | "lines";

export interface RangeOptions {
  /** The first byte; one at least must follow. */
  readonly from: number;
  /** So many at most, 4 at least. */
  readonly maxBytes: number;
  /** What has this rank or a greater one waits for another output's turn. */
  readonly beforeRank: number;
  /** Give no bytes together that arrived more than some 10 ms apart, but for those of one line. */
  readonly byArrival: boolean;
}

/**
 * Readers at different places come together at the line ends before multiples of this share of `maxBytes`, and then
 * share what is framed; the rest is room for the line that such a multiple cuts.
 */
const gridShare = 7 / 8;
const maxCharacterBytes = 4;

/** Up to where to give bytes that need not be whole lines. */
export function endOfBytes(ring: Ring, options: RangeOptions): number {
  return Math.max(options.from + 1, wishedEnd(ring, options));
}

/** Up to where to give whole lines, the first of which ends at `lineEnd`. A line that is too long is cut. */
export function endOfLines(ring: Ring, options: RangeOptions & { readonly lineEnd: number }): number {
  const { from, lineEnd, maxBytes } = options;
  if (lineEnd - from > maxBytes) return characterEnd(ring, from, from + maxBytes);
  const wished = wishedEnd(ring, options);
  return ring.lineEndBefore(from, wished) ?? ring.lastReturnBefore(lineEnd, wished - 1) ?? lineEnd;
}

/** The last position in `from`…`to` at which no UTF-8 character is cut; `to` itself where the bytes are not UTF-8. */
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

function wishedEnd(ring: Ring, { from, maxBytes, beforeRank, byArrival }: RangeOptions): number {
  const turnEnd = beforeRank === Infinity ? ring.head : ring.countBefore(beforeRank);
  const arrivalEnd = byArrival ? (ring.arrivals.nextAfter(from) ?? ring.head) : ring.head;
  const grid = maxBytes * gridShare;
  const boundary = Math.ceil((Math.floor((from + maxBytes - grid) / grid) + 1) * grid);
  return Math.min(turnEnd, arrivalEnd, boundary, from + maxBytes, ring.head);
}
