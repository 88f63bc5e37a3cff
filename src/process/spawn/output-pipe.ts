import { closeSync } from "node:fs";
import type { Logger } from "../../log.ts";
import { PipeSize } from "./pipe-size.ts";

/** A chunk of at most 256 KiB, or the end of the output. */
export type OutputChunk = { done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined };

/**
 * The read end of a process output. It reads only on request, plus one chunk ahead. If nothing calls `read`, the pipe
 * fills up and the process blocks.
 */
export class OutputPipe {
  /** The name given in `redirect_output`. */
  readonly label: string;
  readonly size: PipeSize;
  readonly #reader: { read(): Promise<OutputChunk>; cancel(): Promise<void> };
  #first: Promise<OutputChunk> | undefined;

  /** Takes ownership of `readEnd`. */
  constructor(label: string, readEnd: number, log: Logger) {
    this.label = label;
    this.size = new PipeSize(readEnd);
    this.#reader = Bun.file(readEnd).stream().getReader();
    // Bun 1.4.5 duplicates the descriptor when the first read begins, and never closes the original.
    this.#first = this.#reader.read().catch((error: unknown) => {
      log.error(`cannot read output \`${label}\` of a process; its output is lost`, error);
      return { done: true };
    });
    closeSync(readEnd);
  }

  /** Returns the next chunk, or `done` when every writer has closed the pipe, or after `cancel`. */
  read(): Promise<OutputChunk> {
    const first = this.#first;
    if (first === undefined) return this.#reader.read();
    this.#first = undefined;
    return first;
  }

  /** Stops reading and closes the read end. Later writes get SIGPIPE. Pending reads resolve to `done`. */
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
