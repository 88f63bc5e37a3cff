/** A longer line is returned in pieces, so that one line cannot fill the memory. */
export const maxHeldLineBytes = 256 * 1024;

/** What a search knows of one output, after the blocks that it has read. */
export class OutputState {
  readonly processId: number;
  readonly index: number;
  readonly label: string;
  /** The position after the last byte of the blocks so far. */
  head: number;
  /** When the last byte arrived: Unix ms. */
  lastTimeMs = 0;
  /** The rank of the last byte. */
  lastRank = 0;
  /** Everything before this position was taken. */
  place: number;
  /** Everything before this position was read by the client before. */
  readTo = 0;
  /** Whether bytes are missing directly before `place`. */
  isAfterGap = false;
  hasEnded = false;
  /** The beginning of an unfinished line. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(output: { processId: number; index: number; label: string; position: number }) {
    this.processId = output.processId;
    this.index = output.index;
    this.label = output.label;
    this.head = this.place = output.position;
  }

  /** The length of the beginning of the unfinished line. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The beginning of the unfinished line, and the bytes that follow. */
  heldWith(rest: Buffer): Buffer {
    return this.#heldBytes === 0 ? rest : Buffer.concat([...this.#held, rest]);
  }

  /** Keeps a copy of the bytes as part of the unfinished line. */
  hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
    if (this.#held.length > 64) this.#held = [Buffer.concat(this.#held)];
  }

  /** Returns the unfinished line and forgets it. */
  takeHeld(): Buffer {
    const held = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }
}
