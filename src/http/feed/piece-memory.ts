/** What a feed gives to the socket at a time (`feed.ts`), with the event that exceeds it. */
const blockBytes = 320 * 1024;
/** A block is not worth its memory for less. */
const minPieceBytes = 16 * 1024;

/** Returns memory for a piece, with any content. */
export type Allocate = (bytes: number) => Buffer;

/**
 * Memory for pieces. Large pieces that are allocated one after the other are contiguous, so that they can be sent as one.
 * No memory is used twice: whoever reads a stream may keep its pieces.
 */
export class PieceMemory {
  #block: Buffer | undefined;
  #used = 0;

  readonly allocate: Allocate = (bytes) => {
    const fits = this.#block !== undefined && this.#used + bytes <= blockBytes;
    if (!fits && bytes >= minPieceBytes && bytes <= blockBytes) {
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#used = 0;
    }
    const end = this.#used + bytes;
    if (this.#block === undefined || end > blockBytes) return Buffer.allocUnsafeSlow(bytes);
    const piece = this.#block.subarray(this.#used, end);
    this.#used = end;
    return piece;
  };

  /** Keeps no memory for the next piece. */
  drop(): void {
    this.#block = undefined;
  }
}
