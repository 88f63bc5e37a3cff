import type { Ring } from "./ring.ts";

export interface RangeOptions {
  /** The first byte; one at least must follow. */
  readonly from: number;
  /** So many at most, 4 at least. */
  readonly maxBytes: number;
  /** On the steady clock. */
  readonly nowMs: number;
  /** What is not cut. Of `lines` those that have an end come at once, and one without it after 100 ms of silence. */
  readonly unit: OutputUnit;
  /** Give no bytes together that arrived more than some 10 ms apart. */
  readonly byArrival: boolean;
  /** What arrived later than this waits for another output's turn, unless it ends a line that was begun before. */
  readonly beforeSequence: number;
}

/** Whether output is given byte by byte, by UTF-8 characters, or by lines. */
export type OutputUnit = "bytes" | "characters" | "lines";

/** Up to where to give bytes, or when to ask again (on the steady clock; `Infinity`: when more has come). */
export type Range = { readonly to: number } | { readonly to?: undefined; readonly dueMs: number };

/**
 * Readers at different places come together at the line ends before multiples of this share of `maxBytes`, and then
 * share what is framed; the rest is room for the line that such a multiple cuts.
 */
const gridShare = 7 / 8;
const promptSilenceMs = 100;
const maxCharacterBytes = 4;

/** Decides how many bytes a reader is given at once. */
export function nextRange(ring: Ring, options: RangeOptions): Range {
  const { from, maxBytes } = options;
  const turnEnd = ring.arrivals.positionAfter(options.beforeSequence) ?? ring.head;
  const arrivalEnd = options.byArrival ? (ring.arrivals.nextAfter(from) ?? ring.head) : ring.head;
  const grid = maxBytes * gridShare;
  const boundary = Math.ceil((Math.floor((from + maxBytes - grid) / grid) + 1) * grid);
  const wished = Math.min(Math.max(turnEnd, from + 1), arrivalEnd, boundary, ring.head);
  if (options.unit === "bytes") return { to: wished };
  if (options.unit === "characters") return toCharacterEnd(ring, from, wished);
  const most = Math.min(ring.head, from + maxBytes);
  const lineEnd = ring.lineEndBefore(from, wished) ?? ring.lineEndAfter(wished, most);
  if (lineEnd !== undefined) return { to: lineEnd };
  // Progress bars end their lines so; the newest carriage return may yet turn out to be half of a line end.
  const returned = ring.lastReturnBefore(from, most - 1);
  if (returned !== undefined) return { to: returned };
  if (most < ring.head) return { to: characterEnd(ring, from, most) };
  if (ring.ended) return { to: ring.head };
  const dueMs = ring.lastWriteMs + promptSilenceMs;
  if (options.nowMs < dueMs) return { dueMs };
  return toCharacterEnd(ring, from, most);
}

/** What is left of a character at the end of all output is given as it is. */
function toCharacterEnd(ring: Ring, from: number, most: number): Range {
  const to = characterEnd(ring, from, most);
  if (to > from) return { to };
  return ring.ended && most === ring.head ? { to: most } : { dueMs: Infinity };
}

/** The last position up to `to` at which no UTF-8 character is cut; `to` itself where the bytes are not UTF-8. */
function characterEnd(ring: Ring, from: number, to: number): number {
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
