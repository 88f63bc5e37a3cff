/** What a ring and its writer use of a reader. Readers use `Cursor`. */
export interface RingReader {
  /** The first byte that must be kept for this reader. */
  readonly heldPosition: number;
  /** How long the writer may still wait for this reader. */
  readonly waitBudgetMs: number;
  /** Called after a write and when the ring has ended. */
  wake(): void;
  /** Called after the writer has waited for this reader; `moved` is whether the reader read meanwhile. */
  waited(ms: number, options: { moved: boolean }): void;
}

/** Is notified by a ring before its readers are. */
export interface RingObserver {
  /** Called before the first byte is written. */
  readonly onFirstByte?: () => void;
  /** Called when the ring has ended and `endRank` is set. */
  readonly onEnd?: () => void;
}
