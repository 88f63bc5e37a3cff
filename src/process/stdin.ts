import { closeSync, writeSync } from "node:fs";
import { GafferdError } from "../errors.ts";
import { longestTimerMs } from "./stop/stop.ts";

/** Bytes of one writer, which no other's come between. */
interface Unit {
  readonly bytes: Uint8Array;
  readonly timeoutMs: number;
  readonly sinceMs: number;
  /** Bytes that are in the pipe. */
  taken: number;
  /** Bytes after those that are in the sink, which delivers them before anything else. */
  offered: number;
  readonly resolve: (bytes: number) => void;
  readonly reject: (error: GafferdError) => void;
}

/** Adds up bytes of one process, or of several that share it. */
export interface ByteCounter {
  bytes: number;
}

/** What may wait in line; a small unit counts as `smallestUnitBytes`, which is what it costs us. */
const longestLineBytes = 8 * 1024 * 1024;
const smallestUnitBytes = 256;

/** PIPE_BUF of Linux: so little a pipe takes as a whole or not at all. */
const pieceBytes = 4096;

/**
 * Our end of a process's stdin. One unit at a time goes straight into the pipe; when that is full, the rest and all other
 * units wait in line. How we wait for room: Bun's sink is given one piece, so small that the pipe takes it as a whole,
 * and its promise says when. So nothing of a unit is out of our hands but what the pipe has and one piece at most, and
 * what a writer hears was taken is what the process will read, to the byte.
 */
export class Stdin {
  readonly #fd: number;
  readonly #line = new Set<Unit>();
  #lineBytes = 0;
  #sink: Bun.FileSink | undefined;
  /** open: takes units · closing: only those in line are written · closed: so is the descriptor */
  #state: "open" | "closing" | "closed" = "open";
  /** Units are in line, or a piece is in the sink. */
  #isBusy = false;
  #lastTakenMs = 0;
  #taken: ByteCounter = { bytes: 0 };
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  readonly #onReleased: () => void;

  /** Takes `writeEnd` over, the non-blocking end of a pipe. `onReleased` is called when that is closed. */
  constructor(writeEnd: number, onReleased: () => void = () => {}) {
    this.#fd = writeEnd;
    this.#onReleased = onReleased;
  }

  /** No more units are taken: `close` was called, or the process has closed its stdin or ended. */
  get closed(): boolean {
    return this.#state !== "open";
  }

  /** Counts there whatever the pipe takes from now on. */
  setCounter(counter: ByteCounter): void {
    this.#taken = counter;
  }

  /**
   * Writes a unit (at most 64 KiB, lest others wait long) and resolves to its length when its last byte is in the pipe;
   * until then `bytes` must not change. Throws GafferdError with the bytes taken so far in `details.bytes`, and never
   * delivers the others: `overloaded` when the process has taken nothing from anybody for `timeoutMs`, or at once when
   * 8 MiB wait in line already; `gone` when it has closed its stdin or ended.
   */
  write(bytes: Uint8Array, { timeoutMs }: { timeoutMs: number }): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const unit: Unit = { bytes, timeoutMs, sinceMs: performance.now(), taken: 0, offered: 0, resolve, reject };
    if (this.#state !== "open") reject(gone(unit));
    else if (this.#lineBytes >= longestLineBytes) reject(overloaded(unit, "8 MiB of input are already waiting"));
    else this.#join(unit);
    return promise;
  }

  /** Takes no more units, writes those in line, and closes the pipe, so that the process reads its end. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (!this.#isBusy) this.#release();
  }

  /** The process has ended: all that wait hear `gone`, and the descriptor is closed. */
  abandon(cause?: unknown): void {
    for (const unit of this.#line) this.#leave(unit, gone(unit, cause));
    this.#release();
  }

  #join(unit: Unit): void {
    this.#line.add(unit);
    this.#lineBytes += costOf(unit);
    if (!this.#isBusy) void this.#writeLine();
    if (this.#line.has(unit)) this.#expireBy(unit.sinceMs + unit.timeoutMs);
  }

  /** Takes a unit out of the line and answers its writer. */
  #leave(unit: Unit, error?: GafferdError): void {
    this.#line.delete(unit);
    this.#lineBytes -= costOf(unit);
    if (error) unit.reject(error);
    else unit.resolve(unit.taken);
    if (this.#line.size > 0) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = Infinity;
  }

  /** Writes all that is in line, in order. A unit may leave the line at any time while this waits for room. */
  async #writeLine(): Promise<void> {
    this.#isBusy = true;
    for (const unit of this.#line) {
      while (this.#push(unit) === "full") {
        await this.#offerPiece(unit);
        if (!this.#line.has(unit)) break;
      }
      if (this.#line.has(unit)) this.#leave(unit);
    }
    this.#isBusy = false;
    if (this.#state === "closing") this.#release();
  }

  /** Writes as much of the unit as there is room for. `broken`: nobody can read it any more, and all were told. */
  #push(unit: Unit): "done" | "full" | "broken" {
    const before = unit.taken;
    try {
      while (unit.taken < unit.bytes.length) unit.taken += writeSync(this.#fd, unit.bytes, unit.taken);
      return "done";
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "full";
      this.abandon(error);
      return "broken";
    } finally {
      if (unit.taken > before) this.#took(unit.taken - before);
    }
  }

  /** Hands the next piece of the unit to the sink, and waits until the pipe has taken it. */
  async #offerPiece(unit: Unit): Promise<void> {
    const piece = unit.bytes.subarray(unit.taken, unit.taken + pieceBytes);
    unit.offered = piece.length;
    try {
      this.#sink ??= Bun.file(this.#fd).writer();
      const written = this.#sink.write(piece);
      // A number means that it was put into the sink's own buffer, which flush empties.
      await (typeof written === "number" ? this.#sink.flush() : written);
      unit.taken += piece.length;
      this.#took(piece.length);
    } catch (error) {
      this.abandon(error);
    } finally {
      unit.offered = 0;
    }
  }

  #took(bytes: number): void {
    this.#taken.bytes += bytes;
    this.#lastTakenMs = performance.now();
  }

  #expireBy(dueMs: number): void {
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    const delayMs = Math.ceil(dueMs - performance.now());
    this.#timer = setTimeout(() => this.#expire(), Math.min(delayMs, longestTimerMs));
  }

  #expire(): void {
    const nowMs = performance.now();
    let nextDueMs = Infinity;
    for (const unit of this.#line) {
      const dueMs = Math.max(unit.sinceMs, this.#lastTakenMs) + unit.timeoutMs;
      if (dueMs > nowMs) nextDueMs = Math.min(nextDueMs, dueMs);
      else this.#leave(unit, overloaded(unit, `the process has read nothing for ${unit.timeoutMs / 1000} s`));
    }
    this.#timerDueMs = Infinity;
    this.#expireBy(nextDueMs);
  }

  #release(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    // A piece still in the sink goes with it, when somebody reads it or nobody can; the sink's descriptor is its own.
    const ended = this.#sink?.end();
    if (ended instanceof Promise) ended.catch(() => {});
    closeSync(this.#fd);
    this.#onReleased();
  }
}

function costOf(unit: Unit): number {
  return Math.max(unit.bytes.length, smallestUnitBytes);
}

function overloaded(unit: Unit, reason: string): GafferdError {
  const bytes = unit.taken + unit.offered;
  return new GafferdError("overloaded", `cannot write to the process's stdin: ${reason}; try again later`, {
    details: { bytes },
  });
}

function gone(unit: Unit, cause?: unknown): GafferdError {
  return new GafferdError(
    "gone",
    "cannot write to the process's stdin: the process has closed its stdin or has exited",
    {
      details: { bytes: unit.taken },
      cause,
    },
  );
}
