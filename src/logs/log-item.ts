import type { StreamPosition } from "../reading/stream-position.ts";

/** Why output is missing. */
export type GapReason =
  /** `output_keep` has deleted it. */
  | "deleted"
  /** It was written while `output_keep` was not set. */
  | "not_kept"
  /** The disk was full, or slower than the process. */
  | "not_written"
  /** The file is damaged. */
  | "damaged"
  /** gafferd was killed, and the last that it had received was not on disk. */
  | "killed";

interface Placed {
  /** The boot of gafferd that received it. */
  readonly boot: string;
  /** The name of the template. */
  readonly name: string;
  /** When it was complete, in the order of the template (`output/order.ts`). */
  readonly rank: number;
  /** When its last byte arrived: Unix ms. */
  readonly timeMs: number;
  /** The position of a reader that has read everything up to here. */
  readonly position: StreamPosition;
}

/** A line of output on disk. */
export interface LogLine extends Placed {
  readonly kind: "line";
  readonly processId: number;
  readonly label: string;
  /** The index of the output among the outputs of the process. */
  readonly outputIndex: number;
  /** The position of its first byte in the output. */
  readonly from: number;
  /** The position after its line end. */
  readonly to: number;
  /** Without its line end. Valid until the next item is taken. */
  readonly bytes: Buffer;
  /** Whether the rest of the line is missing, or follows as another line. */
  readonly isPartial: boolean;
}

/** Output that is not on disk. */
export interface LogGap extends Placed {
  readonly kind: "gap";
  /** Undefined if several outputs lost bytes. */
  readonly processId: number | undefined;
  readonly label: string | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Undefined if it is not known. */
  readonly bytes: number | undefined;
  readonly reason: GapReason;
}

export type LogItem = LogLine | LogGap;

/** Which outputs of a template are searched. */
export interface LogScope {
  readonly name: string;
  /** Only this process. */
  readonly processId: number | undefined;
  /** Only the outputs with this label. */
  readonly label: string | undefined;
}
