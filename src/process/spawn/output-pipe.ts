import { closeSync } from "node:fs";
import type { Logger } from "../../log.ts";

/** A chunk of at most 256 KiB, or the end. */
export type OutputChunk = { done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined };

/**
 * Our end of an output of a process. Nothing is read but what is asked for (and one chunk ahead), so that a process whose
 * output nobody takes waits at its pipe.
 */
export class OutputPipe {
  /** The name given in `redirect_output`. */
  readonly label: string;
  readonly #reader: { read(): Promise<OutputChunk>; cancel(): Promise<void> };
  #first: Promise<OutputChunk> | undefined;

  /** Takes `readEnd` over. */
  constructor(label: string, readEnd: number, log: Logger) {
    this.label = label;
    this.#reader = Bun.file(readEnd).stream().getReader();
    // Bun (1.4.5) duplicates the descriptor when the first read begins, and never closes the one it was given.
    this.#first = this.#reader.read().catch((error: unknown) => {
      log.error(`cannot read the output ${label} of a process, which is lost`, error);
      return { done: true };
    });
    closeSync(readEnd);
  }

  /** The next chunk as it comes; `done` when every holder of the other end has closed it, or after `cancel`. */
  read(): Promise<OutputChunk> {
    const first = this.#first;
    if (first === undefined) return this.#reader.read();
    this.#first = undefined;
    return first;
  }

  /** Stops reading and closes our end: who writes to it afterwards gets SIGPIPE. Pending reads are done. */
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
