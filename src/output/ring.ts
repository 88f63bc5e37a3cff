import type { Moment } from "../moment.ts";
import { Arrivals } from "./arrivals.ts";
import { Order } from "./order.ts";
import type { RingMemory } from "./output-memory.ts";
import { RankCounter } from "./rank-counter.ts";
import type { RingObserver, RingReader } from "./ring-reader.ts";

const firstCapacity = 4096;

/** The counters of one output. The rings of successive processes share them. No counter ever decreases. */
export interface OutputMeter {
  /** Bytes written. */
  bytes: number;
  /** Gaps reported to readers. */
  gaps: number;
  /** Bytes in these gaps. A byte that two readers lost counts twice. */
  droppedBytes: number;
}

/**
 * The recent bytes of one output. Positions count from the first byte and never reset. The ring keeps the bytes from
 * `oldest` to `head`. Its memory doubles from 4 KiB up to `capacity` bytes; then the oldest bytes are overwritten. If the
 * memory of all rings is short, the ring stays at the size that it has.
 */
export class Ring {
  readonly arrivals = new Arrivals();
  readonly order: Order;
  /** The readers. A cursor removes itself when it is closed. */
  readonly cursors = new Set<RingReader>();
  readonly meter: OutputMeter;
  /** A Buffer, because searching and framing its views is faster than with a Uint8Array. */
  #bytes = Buffer.alloc(0);
  #capacity: number;
  #memory: RingMemory | undefined;
  #head = 0;
  #oldest = 0;
  /** The position of the first byte in the memory before it wraps around: bytes before it were skipped. */
  #base = 0;
  #endRank = Infinity;
  #observer: RingObserver = {};
  #lastWriteMs = 0;
  #onMoved: (() => void) | undefined;
  readonly #counter: RankCounter;

  constructor(
    capacity: number,
    counter = new RankCounter(),
    meter: OutputMeter = { bytes: 0, gaps: 0, droppedBytes: 0 },
    memory?: RingMemory,
  ) {
    this.#capacity = capacity;
    this.#memory = memory;
    this.order = new Order(capacity);
    this.#counter = counter;
    this.meter = meter;
  }

  /** The bytes it can hold. Decreases, once at most, when the memory is short; no byte is lost by that. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The position after the last byte, which is the number of bytes written. */
  get head(): number {
    return this.#head;
  }

  /** The position of the first byte that is still in the ring. */
  get oldest(): number {
    return this.#oldest;
  }

  /** When the last byte arrived, on the steady clock. */
  get lastWriteMs(): number {
    return this.#lastWriteMs;
  }

  /** True if no byte will follow. */
  get ended(): boolean {
    return this.#endRank < Infinity;
  }

  /** The rank of the end; Infinity until then. */
  get endRank(): number {
    return this.#endRank;
  }

  /** Appends `chunk`, overwrites the oldest bytes, and wakes the readers. */
  write(chunk: Uint8Array, moment: Moment): void {
    if (chunk.length === 0) return;
    if (this.#head === 0) this.#observer.onFirstByte?.();
    this.arrivals.add(this.#head, moment);
    this.order.add(this.#head, this.#counter.next, chunk.length);
    this.#counter.next += chunk.length;
    if (this.#bytes.length < this.#capacity) this.reserve(chunk.length);
    const held = chunk.length > this.#capacity ? chunk.subarray(chunk.length - this.#capacity) : chunk;
    const start = (this.#head - this.#base + chunk.length - held.length) % this.#capacity;
    const untilEdge = this.#capacity - start;
    if (held.length <= untilEdge) {
      this.#bytes.set(held, start);
    } else {
      this.#bytes.set(held.subarray(0, untilEdge), start);
      this.#bytes.set(held.subarray(untilEdge), 0);
    }
    this.#head += chunk.length;
    this.meter.bytes += chunk.length;
    this.#lastWriteMs = moment.steadyMs;
    this.#oldest = Math.max(this.#head - this.#capacity, this.order.firstKnownPosition, this.#base);
    if (this.#oldest > 0) {
      this.arrivals.dropBefore(this.#oldest);
      this.order.dropBefore(this.#oldest);
    }
    this.#wake();
  }

  /** Grows for the next `bytes` bytes. `freeBefore` is then exact for a write of this size. */
  reserve(bytes: number): void {
    const wanted = this.#head - this.#base + bytes;
    if (this.#bytes.length < Math.min(wanted, this.#capacity)) this.#grow(wanted);
  }

  /** The bytes up to `position` are not known. The ring then holds nothing; the next byte has this position. */
  skip(position: number): void {
    this.#head = this.#oldest = this.#base = position;
  }

  /** The memory no longer counts: only open cursors read the ring from now on. */
  uncount(): void {
    this.#memory?.hold(-this.#bytes.length);
    this.#memory = undefined;
  }

  /** Drops all bytes of a ring that has ended. Readers have a gap instead. */
  drop(): void {
    this.uncount();
    this.#bytes = Buffer.alloc(0);
    this.#oldest = this.#head;
    this.arrivals.dropBefore(this.#head);
    this.order.dropBefore(this.#head);
  }

  /** Call when no byte will follow. Readers end after the bytes that are still in the ring. */
  end(): void {
    if (this.ended) return;
    this.#endRank = this.#counter.next++;
    this.#observer.onEnd?.();
    this.#wake();
  }

  /** Sets the only observer: the process of the ring. */
  observe(observer: RingObserver): void {
    this.#observer = observer;
  }

  /** Counts a gap of `bytes` that was reported to a reader. */
  countGap(bytes: number): void {
    this.meter.gaps += 1;
    this.meter.droppedBytes += bytes;
  }

  /** How many bytes can be written before the byte at `position` is overwritten. */
  freeBefore(position: number): number {
    return this.order.mayDropOnWrite(position) ? 0 : Math.max(0, this.capacity - (this.#head - position));
  }

  /** The number of written bytes with a lower rank. Exact if `order.covers` the rank. */
  countBefore(rank: number): number {
    return Math.min(this.#head, this.order.countBefore(rank));
  }

  /**
   * A view of the bytes from `from` up to at most `to`; shorter where the memory wraps around. The view is valid until the
   * next write.
   */
  view(from: number, to: number): Buffer {
    const start = (from - this.#base) % this.#capacity;
    return this.#bytes.subarray(start, Math.min(start + (to - from), this.#bytes.length));
  }

  /** A copy of the bytes from `from` to `to`, which must be in the ring. */
  copy(from: number, to: number): Uint8Array {
    const first = this.view(from, to);
    if (first.length === to - from) return new Uint8Array(first);
    const whole = new Uint8Array(to - from);
    whole.set(first);
    whole.set(this.view(from + first.length, to), first.length);
    return whole;
  }

  /** The last position in `from`…`to` that follows a newline; undefined if there is none. */
  lineEndBefore(from: number, to: number): number | undefined {
    return this.#afterLast(newline, from, to);
  }

  /** The last position in `from`…`to` that follows a carriage return; undefined if there is none. */
  lastReturnBefore(from: number, to: number): number | undefined {
    return this.#afterLast(carriageReturn, from, to);
  }

  /** The byte at `position`, which must be in the ring. */
  byteAt(position: number): number | undefined {
    return this.#bytes[(position - this.#base) % this.#capacity];
  }

  /** Whether a line is known to end at `to`. The byte before `to` must be in the ring. */
  isLineEnd(to: number): boolean {
    const last = this.byteAt(to - 1);
    if (last === newline) return true;
    return to === this.#head ? this.ended : last === carriageReturn && this.byteAt(to) !== newline;
  }

  /**
   * The first position in `from`…`to` that follows a carriage return without a newline; undefined if there is none. A
   * carriage return directly before `to` does not count, because a newline may still follow.
   */
  returnEndAfter(from: number, to: number): number | undefined {
    for (let start = from; start < to - 1;) {
      const part = this.view(start, to);
      const index = part.indexOf(carriageReturn);
      const end = start + (index < 0 ? part.length : index + 1);
      if (index >= 0 && end < to && this.byteAt(end) !== newline) return end;
      start = end;
    }
    return undefined;
  }

  /** The first position in `from`…`to` that follows a newline; undefined if there is none. */
  lineEndAfter(from: number, to: number): number | undefined {
    const first = this.view(from, to);
    const index = first.indexOf(newline);
    if (index >= 0) return from + index + 1;
    const rest = from + first.length;
    return rest < to ? this.lineEndAfter(rest, to) : undefined;
  }

  #afterLast(byte: number, from: number, to: number): number | undefined {
    if (to <= from) return undefined;
    const first = this.view(from, to);
    const rest = from + first.length;
    const inRest = rest < to ? this.view(rest, to).lastIndexOf(byte) : -1;
    if (inRest >= 0) return rest + inRest + 1;
    const inFirst = first.lastIndexOf(byte);
    return inFirst >= 0 ? from + inFirst + 1 : undefined;
  }

  #grow(wanted: number): void {
    const held = this.#bytes.length;
    let length = Math.max(held, firstCapacity);
    while (length < wanted) length *= 2;
    length = Math.min(length, this.#capacity);
    const most = held + (this.#memory?.room(length - held) ?? Infinity);
    if (length > most && length > firstCapacity) {
      while (length > most && length > firstCapacity) length /= 2;
      // The ring has not wrapped around before it is full, so every position stays where it is.
      this.#capacity = length = Math.max(Math.floor(length), held, firstCapacity);
      this.#memory?.isShort(length);
    }
    if (length === held) return;
    const grown = Buffer.alloc(length);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#memory?.hold(length - held);
  }

  /** Called by a cursor after a read and when it is closed. */
  notifyReaderMoved(): void {
    this.#onMoved?.();
  }

  /** Resolves when a cursor reads or is closed, or after `timeoutMs`. Only the writer may call it, once at a time. */
  untilReaderMoves(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#onMoved = undefined;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#onMoved = done;
    });
  }

  #wake(): void {
    for (const cursor of this.cursors) cursor.wake();
  }
}

const newline = 10;
const carriageReturn = 13;
