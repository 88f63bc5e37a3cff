/** Memory for blocks that are being written. Two writes at a time are enough for a disk, however many templates there are. */
export class WriteSlots {
  readonly #free: Buffer[];
  readonly #waiting: ((slot: Buffer) => void)[] = [];

  constructor(count = 2) {
    this.#free = Array.from({ length: count }, () => Buffer.alloc(0));
  }

  /** A buffer of any size. The caller must `release` it, or a larger one in its place. */
  async acquire(): Promise<Buffer> {
    return this.#free.pop() ?? (await new Promise<Buffer>((resolve) => this.#waiting.push(resolve)));
  }

  release(slot: Buffer): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(slot);
    else this.#free.push(slot);
  }
}
