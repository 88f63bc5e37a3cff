/** A slot has space for a whole block with a long description. */
const slotBytes = 2 * 1024 * 1024;
/** 32 MiB in all: a flood goes on for some 30 ms while a disk does nothing. */
const maxSlots = 16;
const keptSlots = 2;
/** After this time without a write, the memory of the other slots is returned. */
const idleMs = 5000;

/** Memory for blocks until they are on disk, for all templates together. It is allocated when it is needed. */
export class WriteSlots {
  readonly #free: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  #used = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  /** Whether `take` has a slot. */
  get hasFree(): boolean {
    return this.#used < maxSlots;
  }

  /** Memory for at least `bytes` bytes; undefined if all is in use. The caller must `release` it. */
  take(bytes = 0): Buffer | undefined {
    if (!this.hasFree) return undefined;
    clearTimeout(this.#idleTimer);
    this.#used += 1;
    if (bytes > slotBytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slotBytes);
  }

  release(slots: readonly Buffer[]): void {
    this.#used -= slots.length;
    this.#free.push(...slots.filter(({ length }) => length === slotBytes));
    if (this.#used === 0) {
      clearTimeout(this.#idleTimer);
      this.#idleTimer = setTimeout(() => void this.#free.splice(keptSlots), idleMs).unref();
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of waiting) listener();
  }

  /** Calls `listener` once, after the next release. */
  onFree(listener: () => void): void {
    this.#waiting.add(listener);
  }

  close(): void {
    clearTimeout(this.#idleTimer);
  }
}
