import type { GafferdEvent } from "./event.ts";

/** Behind an event: the run of the daemon that published it, and its sequence; 0 is before the first. */
export interface EventPosition {
  readonly boot: string;
  readonly sequence: number;
}

/** What follows a position. A gap without a number of events is one whose size is not known. */
export type ArchivedItem = { readonly position: EventPosition } & (
  | { readonly kind: "events"; readonly events: readonly GafferdEvent[] }
  | { readonly kind: "gap"; readonly events: number | undefined }
  /** Nothing is missing, and the next boot begins. */
  | { readonly kind: "next boot" }
);

/** Events on disk, also those of earlier boots. */
export interface EventArchive {
  /**
   * What follows a position, and the position after it. Undefined if nothing that was published after it is on disk, and it
   * is one of the current boot.
   */
  after(position: EventPosition): ArchivedItem | undefined;
  /** The position before the first event at or after a Unix time; undefined if there is none on disk. */
  before(unixMs: number): EventPosition | undefined;
}
