import type { Moment } from "../moment.ts";
import { Arrivals } from "./arrivals.ts";
import { Order } from "./order.ts";
import { RankCounter } from "./rank-counter.ts";

const firstCapacity = 4096;

/** Counts what became of one output's bytes; rings that follow each other share one. No figure ever goes back. */
export interface OutputMeter {
  /** Written to a ring. */
  bytes: number;
  /** Gaps that readers were told of. */
  gaps: number;
  /** In those gaps: a byte that two readers lost is two. */
  droppedBytes: number;
}

/** What a ring and its writer know of a reader; `Cursor` is what readers use. */
export interface RingReader {
  /** The first byte that it has not done with. */
  readonly heldPosition: number;
  /** For how long the writer may yet wait for it. */
  readonly patienceMs: number;
  /** Something was written, or the ring has ended. */
  wake(): void;
  /** The writer has waited for it. */
  waited(ms: number, options: { moved: boolean }): void;
}

/** Hears of a ring before its readers do. */
export interface RingObserver {
  /** Before the first byte is written. */
  readonly onFirstByte?: () => void;
  /** When the end has its rank. */
  readonly onEnd?: () => void;
}

/**
 * The recent bytes of one output. Positions count from the first byte and never reset; the bytes from `oldest` to
 * `head` are held. Memory grows by doubling from 4 KiB to `capacity` bytes, then the oldest bytes are overwritten.
 */
export class Ring {
  readonly capacity: number;
  readonly arrivals = new Arrivals();
  readonly order: Order;
  /** Readers; a closed cursor takes itself out. */
  readonly cursors = new Set<RingReader>();
  readonly meter: OutputMeter;
  /** A Buffer, since what is made of its views (framing, searching) is faster with one. */
  #bytes = Buffer.alloc(0);
  #head = 0;
  #oldest = 0;
  #endRank = Infinity;
  #observer: RingObserver = {};
  #lastWriteMs = 0;
  #onMoved: (() => void) | undefined;
  readonly #counter: RankCounter;

  constructor(
    capacity: number,
    counter = new RankCounter(),
    meter: OutputMeter = { bytes: 0, gaps: 0, droppedBytes: 0 },
  ) {
    this.capacity = capacity;
    this.order = new Order(capacity);
    this.#counter = counter;
    this.meter = meter;
  }

  /** The position after the last byte: how many were ever written. */
  get head(): number {
    return this.#head;
  }

  /** The position of the first byte still held. */
  get oldest(): number {
    return this.#oldest;
  }

  /** When the last byte came, on the steady clock. */
  get lastWriteMs(): number {
    return this.#lastWriteMs;
  }

  /** No byte will follow. */
  get ended(): boolean {
    return this.#endRank < Infinity;
  }

  /** The rank of its end; Infinity before. */
  get endRank(): number {
    return this.#endRank;
  }

  /** Copies `chunk` in, overwriting the oldest bytes, and wakes the readers. */
  write(chunk: Uint8Array, moment: Moment): void {
    if (chunk.length === 0) return;
    if (this.#head === 0) this.#observer.onFirstByte?.();
    this.arrivals.add(this.#head, moment);
    this.order.add(this.#head, this.#counter.next, chunk.length);
    this.#counter.next += chunk.length;
    this.#grow(this.#head + chunk.length);
    const held = chunk.length > this.capacity ? chunk.subarray(chunk.length - this.capacity) : chunk;
    const start = (this.#head + chunk.length - held.length) % this.capacity;
    const untilEdge = this.capacity - start;
    if (held.length <= untilEdge) {
      this.#bytes.set(held, start);
    } else {
      this.#bytes.set(held.subarray(0, untilEdge), start);
      this.#bytes.set(held.subarray(untilEdge), 0);
    }
    this.#head += chunk.length;
    this.meter.bytes += chunk.length;
    this.#lastWriteMs = moment.steadyMs;
    this.#oldest = Math.max(this.#head - this.capacity, this.order.firstPosition);
    if (this.#oldest > 0) {
      this.arrivals.dropBefore(this.#oldest);
      this.order.dropBefore(this.#oldest);
    }
    this.#wake();
  }

  /** Says that no byte will follow; readers end when they have read what is held. */
  end(): void {
    if (this.ended) return;
    this.#endRank = this.#counter.next++;
    this.#observer.onEnd?.();
    this.#wake();
  }

  /** One observer at a time: the ring's process. */
  observe(observer: RingObserver): void {
    this.#observer = observer;
  }

  /** Says that a reader was told of so many lost bytes. */
  countGap(bytes: number): void {
    this.meter.gaps += 1;
    this.meter.droppedBytes += bytes;
  }

  /** How many bytes may be written before one is lost that is at `position` or later. */
  freeBefore(position: number): number {
    return this.order.isCrowding(position) ? 0 : Math.max(0, this.capacity - (this.#head - position));
  }

  /** How many of the bytes written have a lower rank. Exact where `order.knows` the rank. */
  countBefore(rank: number): number {
    return Math.min(this.#head, this.order.countBefore(rank));
  }

  /**
   * The held bytes from `from` up to at most `to`, in place: shorter where the memory wraps. The view is good until the
   * next write; nothing may keep it.
   */
  view(from: number, to: number): Buffer {
    const start = from % this.capacity;
    return this.#bytes.subarray(start, Math.min(start + (to - from), this.#bytes.length));
  }

  /** A copy of the held bytes from `from` to `to`. */
  copy(from: number, to: number): Uint8Array {
    const first = this.view(from, to);
    if (first.length === to - from) return new Uint8Array(first);
    const whole = new Uint8Array(to - from);
    whole.set(first);
    whole.set(this.view(from + first.length, to), first.length);
    return whole;
  }

  /** The last position in `from`…`to` that follows a newline, or `undefined` where there is none. */
  lineEndBefore(from: number, to: number): number | undefined {
    return this.#afterLast(newline, from, to);
  }

  /** The same for a carriage return. */
  lastReturnBefore(from: number, to: number): number | undefined {
    return this.#afterLast(carriageReturn, from, to);
  }

  /** The byte at a held position. */
  byteAt(position: number): number | undefined {
    return this.#bytes[position % this.capacity];
  }

  /** Whether a line ends at `to`, as far as that is known; the byte before must be held. */
  isLineEnd(to: number): boolean {
    const last = this.byteAt(to - 1);
    if (last === newline) return true;
    return to === this.#head ? this.ended : last === carriageReturn && this.byteAt(to) !== newline;
  }

  /**
   * The first position in `from`…`to` that follows a carriage return without its newline, or `undefined` where there is
   * none. A carriage return at the very end is none: its newline may yet come.
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

  /** The first position in `from`…`to` that follows a newline, or `undefined` where there is none. */
  lineEndAfter(from: number, to: number): number | undefined {
    const first = this.view(from, to);
    const index = first.indexOf(newline);
    if (index >= 0) return from + index + 1;
    const rest = from + first.length;
    return rest < to ? this.lineEndAfter(rest, to) : undefined;
  }

  /** Where each of the last `count` held lines starts, newest first; a last line without its newline counts. */
  lastLines(count: number): number[] {
    const starts: number[] = [];
    // The newline that ends the last line starts no other.
    let end = this.lineEndBefore(this.oldest, this.#head) === this.#head ? this.#head - 1 : this.#head;
    while (starts.length < count && end >= this.oldest && this.#head > this.oldest) {
      const start = this.lineEndBefore(this.oldest, end) ?? this.oldest;
      starts.push(start);
      end = start - 1;
    }
    return starts;
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
    if (this.#bytes.length >= Math.min(wanted, this.capacity)) return;
    let length = Math.max(this.#bytes.length, firstCapacity);
    while (length < wanted) length *= 2;
    const grown = Buffer.alloc(Math.min(length, this.capacity));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** Called by a cursor that read or was closed. */
  moved(): void {
    this.#onMoved?.();
  }

  /** Resolves when a cursor reads or is closed, or after `timeoutMs`. One caller at a time: the writer. */
  readerMoved(timeoutMs: number): Promise<void> {
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
