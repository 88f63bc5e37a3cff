import type { Ring } from "./ring.ts";
import type { RingReader } from "./ring-reader.ts";

/** Bytes that were overwritten before a reader read them: from `from` up to, not including, `to`. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface CursorOptions {
  /** The first byte to read. */
  position: number;
  /**
   * Makes the reader lossless: the writer waits for it, this long at a time. Default: not lossless, the writer waits at most
   * 20 ms.
   */
  losslessTimeoutMs?: number;
  /** Keeps read bytes from being overwritten until `release`, so that a lossless reader can use them in place. */
  holdsTaken?: boolean;
  /** Keeps half a ring of read bytes from being overwritten, so that a reader to which some did not arrive can resume. */
  keepsBehind?: boolean;
  /**
   * The share of the time (0…1) that the writer may wait for a reader that is not lossless. Default: it depends on the bytes
   * that the reader reads.
   */
  creditShare?: number;
  /** Called after every write and when the ring ends. It must return immediately. */
  onChange?: () => void;
  /** Called once when a lossless reader exceeds its timeout. From then on it may lose bytes. */
  onCutOff?: () => void;
}

const maxCreditMs = 20;
const creditMsPerByte = 5 / 2 ** 20;

/** The position of a reader in a ring. It stores no bytes. The caller must `close` it. */
export class Cursor implements RingReader {
  readonly ring: Ring;
  readonly #losslessTimeoutMs: number;
  readonly #onChange: () => void;
  readonly #onCutOff: () => void;
  readonly #holdsTaken: boolean;
  readonly #keepsBehind: boolean;
  readonly #creditShare: number | undefined;
  #creditedMs = performance.now();
  #position: number;
  #heldPosition: number;
  #waitBudgetMs: number;

  constructor(ring: Ring, options: CursorOptions) {
    this.ring = ring;
    this.#position = options.position;
    this.#heldPosition = options.position;
    this.#holdsTaken = options.holdsTaken ?? false;
    this.#keepsBehind = options.keepsBehind ?? false;
    this.#creditShare = options.creditShare;
    this.#losslessTimeoutMs = options.losslessTimeoutMs ?? 0;
    this.#waitBudgetMs = options.losslessTimeoutMs ?? maxCreditMs;
    this.#onChange = options.onChange ?? (() => {});
    this.#onCutOff = options.onCutOff ?? (() => {});
    ring.cursors.add(this);
  }

  /** The next byte to read. */
  get position(): number {
    return this.#position;
  }

  get heldPosition(): number {
    const position = this.#holdsTaken ? this.#heldPosition : this.#position;
    return this.#keepsBehind ? position - Math.floor(this.ring.capacity / 2) : position;
  }

  /** The number of bytes that can be read now. Call `takeGap` first. */
  get available(): number {
    return this.ring.head - this.#position;
  }

  /**
   * How long the writer may still wait before it overwrites bytes that this reader has not read. For a lossless reader, the
   * time starts again whenever it reads. Any other reader earns time by reading: by default 5 ms per MiB, 20 ms at most. A reader that
   * reads at least 200 MB/s then has no gap if the kernel schedules it late, and a slow reader does not slow the process.
   */
  get waitBudgetMs(): number {
    return this.#waitBudgetMs;
  }

  /** The bytes lost since the last call, if any. The cursor then moves to the oldest byte in the ring. */
  takeGap(): Gap | undefined {
    return this.#loseUntil(this.ring.oldest);
  }

  /** Skips all unread bytes. They count as lost. */
  skipAll(): Gap | undefined {
    return this.#loseUntil(this.ring.head);
  }

  /** Everything before `position` was read. A lower position than before makes bytes unread again. */
  advance(position: number): void {
    const bytes = position - this.#position;
    this.#position = position;
    if (this.#losslessTimeoutMs === 0)
      this.#waitBudgetMs = Math.min(maxCreditMs, this.#waitBudgetMs + this.#creditFor(bytes));
    else if (this.#waitBudgetMs > 0) this.#waitBudgetMs = this.#losslessTimeoutMs;
    this.ring.notifyReaderMoved();
  }

  /** Call after the writer has waited for this reader; `moved` is whether the reader read meanwhile. */
  waited(ms: number, { moved }: { moved: boolean }): void {
    if (this.#losslessTimeoutMs > 0 && moved) return;
    this.#waitBudgetMs -= ms;
    if (this.#losslessTimeoutMs > 0 && this.#waitBudgetMs <= 0) this.#onCutOff();
  }

  /** The bytes read so far may be overwritten. */
  release(): void {
    if (!this.#holdsTaken || this.#heldPosition === this.#position) return;
    this.#heldPosition = this.#position;
    this.ring.notifyReaderMoved();
  }

  wake(): void {
    this.#onChange();
  }

  close(): void {
    this.#waitBudgetMs = 0;
    this.ring.cursors.delete(this);
    this.ring.notifyReaderMoved();
  }

  #creditFor(bytes: number): number {
    if (this.#creditShare === undefined) return bytes * creditMsPerByte;
    const sinceMs = this.#creditedMs;
    this.#creditedMs = performance.now();
    return (this.#creditedMs - sinceMs) * this.#creditShare;
  }

  #loseUntil(to: number): Gap | undefined {
    const from = this.#position;
    if (from >= to) return undefined;
    this.ring.countGap(to - from);
    this.#position = to;
    return { from, to };
  }
}
