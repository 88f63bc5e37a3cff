import type { Cursor } from "../output/cursor.ts";
import type { OutputProcess } from "./output-source.ts";
import type { OutputPlace } from "./stream-position.ts";

export interface OutputTrackOptions {
  readonly process: OutputProcess;
  readonly label: string;
  /** The index of the output among the outputs of the process. */
  readonly outputIndex: number;
  readonly cursor: Cursor;
}

/** A reader's place in one output, and the end of the next line there. */
export class OutputTrack {
  readonly process: OutputProcess;
  readonly label: string;
  readonly cursor: Cursor;
  readonly #outputIndex: number;
  /** The end of the line at `cursor.position`, if it is greater than the position. */
  #lineEnd = 0;
  #lineRank = Infinity;
  /** No line was complete when the ring ended at this position. */
  #searchedTo = 0;

  constructor({ process, label, outputIndex, cursor }: OutputTrackOptions) {
    this.process = process;
    this.label = label;
    this.cursor = cursor;
    this.#outputIndex = outputIndex;
  }

  /** The rank of the next byte; Infinity if there is none yet. */
  get byteRank(): number {
    const { ring, position } = this.cursor;
    return position < ring.head ? ring.order.rankAt(position) : Infinity;
  }

  /**
   * The rank at which the next line was complete: the rank of its newline, of the byte after a carriage return without a
   * newline, or of the end of the output. Infinity if no line is complete.
   */
  get lineRank(): number {
    return this.lineEnd === undefined ? Infinity : this.#lineRank;
  }

  /** The end of the next line; undefined if no line is complete. */
  get lineEnd(): number | undefined {
    const { ring, position } = this.cursor;
    if (this.#lineEnd > position) return this.#lineEnd;
    const { head } = ring;
    if (head === this.#searchedTo && !ring.ended) return undefined;
    // A carriage return at the end is checked again together with the next byte.
    const from = Math.max(position, this.#searchedTo - 1);
    const newlineEnd = from < head ? ring.lineEndAfter(from, head) : undefined;
    const returnEnd = from < head ? ring.returnEndAfter(from, newlineEnd ?? head) : undefined;
    if (returnEnd !== undefined) this.#lineRank = ring.order.rankAt(returnEnd);
    else if (newlineEnd !== undefined) this.#lineRank = ring.order.rankAt(newlineEnd - 1);
    else if (ring.ended && position < head) this.#lineRank = ring.endRank;
    else {
      this.#searchedTo = head;
      return undefined;
    }
    this.#lineEnd = returnEnd ?? newlineEnd ?? head;
    return this.#lineEnd;
  }

  /** The rank at which everything up to `to`, the end of a line, was complete. */
  rankOfLineEnd(to: number): number {
    const { ring } = this.cursor;
    if (ring.byteAt(to - 1) === newline) return ring.order.rankAt(to - 1);
    return to < ring.head ? ring.order.rankAt(to) : ring.endRank;
  }

  /** Whether the position is at the start of the output, or at the end of a line that was complete before `order`. */
  isAtLine(order: number): boolean {
    const { ring, position } = this.cursor;
    if (position === 0) return true;
    if (position <= ring.oldest || !ring.isLineEnd(position)) return false;
    return this.rankOfLineEnd(position) < order;
  }

  place(): OutputPlace {
    return { processId: this.process.id, outputIndex: this.#outputIndex, position: this.cursor.position };
  }
}

const newline = 10;
