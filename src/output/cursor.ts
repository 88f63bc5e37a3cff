import type { Ring, RingReader } from "./ring.ts";

/** Bytes that were overwritten before a reader came to them: those from `from` up to, not including, `to`. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface CursorOptions {
  /** The first byte to read. */
  position: number;
  /** Makes a lossless reader, for whom the writer waits so long at a time. Default: it is hardly waited for. */
  losslessTimeoutMs?: number;
  /** The writer is also kept from what was read, until `release`: a lossless reader can use it in place. */
  holdsTaken?: boolean;
  /** Called after every write and when the ring ends; it must return at once. */
  onChange?: () => void;
  /** Called once when the patience with a lossless reader is over: from now on it may lose bytes. */
  onCutOff?: () => void;
}

const maxCreditMs = 20;
const creditMsPerByte = 5 / 2 ** 20;

/** A reader's place in a ring. It holds no bytes; who creates it must `close` it. */
export class Cursor implements RingReader {
  readonly ring: Ring;
  readonly #losslessTimeoutMs: number;
  readonly #onChange: () => void;
  readonly #onCutOff: () => void;
  readonly #holdsTaken: boolean;
  #position: number;
  #heldPosition: number;
  #patienceMs: number;

  constructor(ring: Ring, options: CursorOptions) {
    this.ring = ring;
    this.#position = options.position;
    this.#heldPosition = options.position;
    this.#holdsTaken = options.holdsTaken ?? false;
    this.#losslessTimeoutMs = options.losslessTimeoutMs ?? 0;
    this.#patienceMs = options.losslessTimeoutMs ?? maxCreditMs;
    this.#onChange = options.onChange ?? (() => {});
    this.#onCutOff = options.onCutOff ?? (() => {});
    ring.cursors.add(this);
  }

  /** The next byte to read. */
  get position(): number {
    return this.#position;
  }

  get heldPosition(): number {
    return this.#holdsTaken ? this.#heldPosition : this.#position;
  }

  /** Bytes that can be read now, once `takeGap` was asked. */
  get available(): number {
    return this.ring.head - this.#position;
  }

  /**
   * For how long the writer may yet wait before it overwrites what this reader has not read. With a lossless reader,
   * it begins anew whenever the reader reads. Any other earns it by reading, 5 ms a MiB and 20 ms at most: who takes
   * 200 MB/s or more sees no gap when the kernel runs it a moment late, and who is slow does not slow the process.
   */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  /** What was lost since the last call, after which the cursor stands at the oldest byte held. */
  takeGap(): Gap | undefined {
    return this.#loseUntil(this.ring.oldest);
  }

  /** Gives up all that was not read: nobody will hold it for this reader. */
  giveUp(): Gap | undefined {
    return this.#loseUntil(this.ring.head);
  }

  /** Says that everything before `position` was read; a position before the last takes some of that back. */
  advance(position: number): void {
    const bytes = position - this.#position;
    this.#position = position;
    if (this.#losslessTimeoutMs === 0)
      this.#patienceMs = Math.min(maxCreditMs, this.#patienceMs + bytes * creditMsPerByte);
    else if (this.#patienceMs > 0) this.#patienceMs = this.#losslessTimeoutMs;
    this.ring.moved();
  }

  /** Says that the writer waited for this reader. */
  waited(ms: number, { moved }: { moved: boolean }): void {
    if (this.#losslessTimeoutMs > 0 && moved) return;
    this.#patienceMs -= ms;
    if (this.#losslessTimeoutMs > 0 && this.#patienceMs <= 0) this.#onCutOff();
  }

  /** Says that what was read is used no more. */
  release(): void {
    if (!this.#holdsTaken || this.#heldPosition === this.#position) return;
    this.#heldPosition = this.#position;
    this.ring.moved();
  }

  wake(): void {
    this.#onChange();
  }

  close(): void {
    this.#patienceMs = 0;
    this.ring.cursors.delete(this);
    this.ring.moved();
  }

  #loseUntil(to: number): Gap | undefined {
    const from = this.#position;
    if (from >= to) return undefined;
    this.ring.countGap(to - from);
    this.#position = to;
    return { from, to };
  }
}
