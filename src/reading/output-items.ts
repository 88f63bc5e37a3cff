import type { Ring } from "../output/ring.ts";
import type { ProcessEvent } from "./followed-outputs.ts";
import type { OutputGap, OutputProcess } from "./output-source.ts";
import type { StreamPosition } from "./stream-position.ts";

/** What a reader returns, in order. */
export type OutputItem =
  /** The bytes of `ring` from `from` up to `to`. They stay valid until the caller returns to the event loop. */
  | {
      readonly kind: "bytes";
      readonly process: OutputProcess;
      readonly label: string;
      readonly ring: Ring;
      readonly from: number;
      readonly to: number;
    }
  | ({ readonly kind: "gap" } & OutputGap)
  | ProcessEvent;

/** A reader of output, from the buffers (`OutputReader`) or from disk and then from the buffers. The caller must `close` it. */
export interface OutputItems {
  /** True if everything was read and nothing will follow. */
  readonly ended: boolean;
  /** True if bytes were lost since the last item. */
  readonly isBehind: boolean;
  /** True if `next` returned undefined because it waits for a disk. */
  readonly isLoading: boolean;
  /** When `next` will return an unfinished line, on the steady clock; undefined if there is none. */
  readonly dueMs: number | undefined;
  /** How far it has read. Another reader can resume there. */
  position(): StreamPosition;
  /** See `OutputReader`. */
  next(maxBytes: number, nowMs: number): OutputItem | undefined;
  unread(to: number): void;
  takeGaps(): OutputGap[];
  release(): void;
  close(): void;
}

/** What a reader calls. */
export interface ReaderCallbacks {
  /** Called when there may be something to read. It must return immediately. */
  readonly onReady: () => void;
  /** Called when a process has waited too long for this lossless reader. */
  readonly onCutOff?: () => void;
}

/**
 * Opens a reader. `heldAt` is where to start instead, if the buffers hold the output from there on. Throws `bad_value` if it
 * cannot resume because the output never had that position.
 */
export type OpenReader = (callbacks: ReaderCallbacks, heldAt?: StreamPosition) => OutputItems;
