/** What a ring asks before it grows. */
export interface RingMemory {
  /** How many more bytes may be held, after the oldest outputs were dropped to make room for `bytes`. May be negative. */
  room(bytes: number): number;
  /** Counts bytes that a ring holds from now on; a negative number gives them back. */
  hold(bytes: number): void;
  /** Called when a ring stays smaller than its buffer should be. */
  isShort(capacity: number): void;
}

/** Output that is dropped when the memory is short. */
export interface OldOutput {
  /** False while the output must still be kept. */
  readonly mayDrop: boolean;
  /** Drops the output and gives its memory back. */
  drop(): void;
}

/** Called when a ring stays smaller than its buffer should be. */
export type ShortageListener = (shortage: { name: string; capacity: number; limit: number }) => void;

/**
 * The memory of all output buffers. The sum stays below `limit` bytes, except that every ring may hold its first 4 KiB.
 * Nothing is reserved: a ring is counted when it grows.
 */
export class OutputMemory {
  readonly limit: number;
  /** Oldest exit first, over all templates. */
  readonly #old = new Set<OldOutput>();
  readonly #onShortage: ShortageListener;
  #held = 0;

  constructor(limit: number, onShortage: ShortageListener = () => {}) {
    this.limit = limit;
    this.#onShortage = onShortage;
  }

  /** The bytes that all rings hold. */
  get held(): number {
    return this.#held;
  }

  /** The memory of the rings of the template `name`. */
  of(name: string): RingMemory {
    return {
      room: (bytes) => this.#room(bytes),
      hold: (bytes) => (this.#held += bytes),
      isShort: (capacity) => this.#onShortage({ name, capacity, limit: this.limit }),
    };
  }

  /** `output` may be dropped when the memory is short, after what was added before. */
  addOld(output: OldOutput): void {
    this.#old.add(output);
  }

  /** `output` is no longer kept. */
  removeOld(output: OldOutput): void {
    this.#old.delete(output);
  }

  #room(bytes: number): number {
    if (this.#held + bytes > this.limit) {
      for (const output of this.#old) {
        if (!output.mayDrop) continue;
        this.#old.delete(output);
        output.drop();
        if (this.#held + bytes <= this.limit) break;
      }
    }
    return this.limit - this.#held;
  }
}
