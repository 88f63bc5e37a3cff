import { closeSync, writeSync } from "node:fs";
import { GafferdError } from "../errors.ts";
import { longestTimerMs } from "./stop/stop.ts";

/** The bytes of one `write` call. They are not interleaved with those of other calls. */
interface PendingWrite {
  /** Without those that had been accepted when its turn came. */
  bytes: Uint8Array;
  readonly place: Place | undefined;
  readonly timeoutMs: number;
  readonly sinceMs: number;
  /** Its share of the limit of the queue. */
  readonly charge: number;
  /** The number of bytes in the pipe. */
  written: number;
  /** The number of bytes after those that are in the sink. The sink delivers them before anything else. */
  inSink: number;
  readonly resolve: (bytes: number) => void;
  readonly reject: (error: GafferdError) => void;
}

/** Where a write belongs. */
interface Place {
  /** The position of its first byte: the number of bytes before it. */
  readonly offset: number;
  /** It is the next part of something longer, so nothing else may have been written where it belongs. */
  readonly isContinued: boolean;
}

interface WriteOptions {
  readonly timeoutMs: number;
  /** Default: after everything that was written before. */
  readonly place?: Place;
}

/** Counts the bytes of one process, or of several processes that share the counter. */
export interface ByteCounter {
  bytes: number;
}

/** The limit of the queue. A small write counts as `minChargedBytes`, its approximate memory use. */
const maxQueuedBytes = 8 * 1024 * 1024;
const minChargedBytes = 256;

/** `PIPE_BUF` of Linux: a pipe accepts this many bytes completely or not at all. */
const pieceBytes = 4096;

/**
 * The write end of a process's stdin. Writes go directly into the pipe, one at a time. When the pipe is full, the rest of
 * the write and all later writes wait in a queue. To wait for room, gafferd gives Bun's sink one piece that the pipe
 * accepts completely, and awaits it. Apart from the pipe itself, at most that one piece can no longer be withdrawn, so the
 * number of bytes that a writer gets is exactly what the process will read.
 */
export class Stdin {
  readonly #fd: number;
  readonly #queue = new Set<PendingWrite>();
  #queuedBytes = 0;
  #sink: Bun.FileSink | undefined;
  /** open: accepts writes · closing: writes only what is queued · closed: the descriptor is closed */
  #state: "open" | "closing" | "closed" = "open";
  /** Writes are queued, or a piece is in the sink. */
  #isBusy = false;
  #lastProgressMs = 0;
  /** The number of bytes in the pipe, or read from it. */
  #written = 0;
  /** The number of bytes in the sink. */
  #inSink = 0;
  /** The end of the last write without a place. */
  #unplacedEnd = 0;
  #counter: ByteCounter = { bytes: 0 };
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  readonly #onReleased: () => void;

  /** Takes ownership of `writeEnd`, the non-blocking end of a pipe. Calls `onReleased` after closing it. */
  constructor(writeEnd: number, onReleased: () => void = () => {}) {
    this.#fd = writeEnd;
    this.#onReleased = onReleased;
  }

  /** Whether writes are refused: `close` was called, or the process has closed its stdin or exited. */
  get closed(): boolean {
    return this.#state !== "open";
  }

  /** The number of bytes that the pipe has accepted: the position of the next byte. */
  get taken(): number {
    return this.#written + this.#inSink;
  }

  /** Sets the counter of the bytes that go into the pipe from now on. */
  setCounter(counter: ByteCounter): void {
    this.#counter = counter;
  }

  /**
   * Writes `bytes` and resolves to their length when the last byte is in the pipe. Pass at most 64 KiB, so that other
   * writers do not wait long, and do not change `bytes` until then. With a `place`, bytes that were accepted before are
   * skipped and not counted. Throws GafferdError with the number of bytes written in `details.bytes`; the others are never
   * delivered. `overloaded`: the process has read nothing for `timeoutMs`, or 8 MiB are already queued. `gone`: the process
   * has closed its stdin or exited. `conflict`: the bytes before `place` are missing, or others are there.
   */
  write(bytes: Uint8Array, { timeoutMs, place }: WriteOptions): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const sinceMs = performance.now();
    const charge = Math.max(bytes.length, minChargedBytes);
    const pending: PendingWrite = {
      bytes,
      place,
      timeoutMs,
      sinceMs,
      charge,
      written: 0,
      inSink: 0,
      resolve,
      reject,
    };
    if (this.#isAccepted(pending)) resolve(0);
    else if (this.#state !== "open") reject(gone(pending));
    else if (this.#queuedBytes >= maxQueuedBytes) reject(overloaded(pending, "8 MiB of input are already waiting"));
    else this.#enqueue(pending);
    return promise;
  }

  /** Refuses further writes, writes what is queued, and closes the pipe, so that the process reads end of file. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (!this.#isBusy) this.#release();
  }

  /** Rejects all queued writes with `gone` and closes the descriptor. Call it when the process has exited. */
  destroy(cause?: unknown): void {
    for (const pending of this.#queue) this.#dequeue(pending, gone(pending, cause));
    this.#release();
  }

  #enqueue(pending: PendingWrite): void {
    this.#queue.add(pending);
    this.#queuedBytes += pending.charge;
    if (!this.#isBusy) void this.#drain();
    if (this.#queue.has(pending)) this.#scheduleExpiry(pending.sinceMs + pending.timeoutMs);
  }

  /** Removes a write from the queue and settles its promise. */
  #dequeue(pending: PendingWrite, error?: GafferdError): void {
    this.#queue.delete(pending);
    this.#queuedBytes -= pending.charge;
    if (error) pending.reject(error);
    else pending.resolve(pending.written);
    if (this.#queue.size > 0) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = Infinity;
  }

  /** Writes the queue in order. A write can leave the queue at any time, for example by a timeout. */
  async #drain(): Promise<void> {
    this.#isBusy = true;
    for (const pending of this.#queue) {
      const misplaced = this.#takePlace(pending);
      if (misplaced !== undefined) {
        this.#dequeue(pending, misplaced);
        continue;
      }
      while (this.#writeToPipe(pending) === "full") {
        await this.#writePieceToSink(pending);
        if (!this.#queue.has(pending)) break;
      }
      if (pending.place === undefined && pending.written > 0) this.#unplacedEnd = this.taken;
      if (this.#queue.has(pending)) this.#dequeue(pending);
    }
    this.#isBusy = false;
    if (this.#state === "closing") this.#release();
  }

  /** All bytes of a write with a place were accepted before, for example by a request whose response was lost. */
  #isAccepted({ place, bytes }: PendingWrite): boolean {
    return place !== undefined && place.offset + bytes.length <= this.#written && !this.#isForeign(place);
  }

  #isForeign({ offset, isContinued }: Place): boolean {
    return isContinued && offset < this.#unplacedEnd;
  }

  /** Skips the bytes that were accepted before its turn. Returns an error if it cannot be written where it belongs. */
  #takePlace(pending: PendingWrite): GafferdError | undefined {
    const { place, bytes } = pending;
    if (place === undefined) return undefined;
    if (place.offset > this.#written) {
      const reason = `\`offset=${place.offset}\` is past the ${this.#written} bytes that were accepted`;
      return conflict(`${reason}; continue with \`offset=${this.#written}\``);
    }
    if (this.#isForeign(place)) {
      return conflict("somebody else wrote in between without `offset`; all writers of a process must use it, or none");
    }
    pending.bytes = bytes.subarray(Math.min(this.#written - place.offset, bytes.length));
    return undefined;
  }

  /** Writes as much as fits into the pipe. `broken`: the pipe has no reader, and all queued writes were rejected. */
  #writeToPipe(pending: PendingWrite): "done" | "full" | "broken" {
    const before = pending.written;
    try {
      while (pending.written < pending.bytes.length)
        pending.written += writeSync(this.#fd, pending.bytes, pending.written);
      return "done";
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "full";
      this.destroy(error);
      return "broken";
    } finally {
      if (pending.written > before) this.#countProgress(pending.written - before);
    }
  }

  /** Gives the next piece to the sink and waits until it is in the pipe. */
  async #writePieceToSink(pending: PendingWrite): Promise<void> {
    const piece = pending.bytes.subarray(pending.written, pending.written + pieceBytes);
    pending.inSink = this.#inSink = piece.length;
    try {
      this.#sink ??= Bun.file(this.#fd).writer();
      const written = this.#sink.write(piece);
      // A number means that the sink has buffered the piece: flush writes it.
      await (typeof written === "number" ? this.#sink.flush() : written);
      pending.written += piece.length;
      this.#inSink = 0;
      this.#countProgress(piece.length);
    } catch (error) {
      this.#inSink = 0;
      this.destroy(error);
    } finally {
      pending.inSink = 0;
    }
  }

  #countProgress(bytes: number): void {
    this.#counter.bytes += bytes;
    this.#written += bytes;
    this.#lastProgressMs = performance.now();
  }

  #scheduleExpiry(dueMs: number): void {
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    const delayMs = Math.ceil(dueMs - performance.now());
    this.#timer = setTimeout(() => this.#expire(), Math.min(delayMs, longestTimerMs));
  }

  #expire(): void {
    const nowMs = performance.now();
    let nextDueMs = Infinity;
    for (const pending of this.#queue) {
      const dueMs = Math.max(pending.sinceMs, this.#lastProgressMs) + pending.timeoutMs;
      if (dueMs > nowMs) nextDueMs = Math.min(nextDueMs, dueMs);
      else
        this.#dequeue(pending, overloaded(pending, `the process has read nothing for ${pending.timeoutMs / 1000} s`));
    }
    this.#timerDueMs = Infinity;
    this.#scheduleExpiry(nextDueMs);
  }

  #release(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    // The sink has its own descriptor. It settles a piece that it still holds when the pipe is read or breaks.
    const ended = this.#sink?.end();
    if (ended instanceof Promise) ended.catch(() => {});
    closeSync(this.#fd);
    this.#onReleased();
  }
}

function overloaded(pending: PendingWrite, reason: string): GafferdError {
  const bytes = pending.written + pending.inSink;
  return new GafferdError("overloaded", `cannot write to the process's stdin: ${reason}; try again later`, {
    details: { bytes },
  });
}

function gone(pending: PendingWrite, cause?: unknown): GafferdError {
  return new GafferdError(
    "gone",
    "cannot write to the process's stdin: the process has closed its stdin or has exited",
    {
      details: { bytes: pending.written },
      cause,
    },
  );
}

function conflict(reason: string): GafferdError {
  return new GafferdError("conflict", `cannot write to the process's stdin: ${reason}`, {
    field: "offset",
    details: { bytes: 0 },
  });
}
