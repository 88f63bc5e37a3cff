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
  /** Undefined after the end: the garbage collector counts a stream of Bun (1.4.5) as 256 KiB. */
  #reader: { read(): Promise<OutputChunk>; cancel(): Promise<void> } | undefined;
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
    const next = this.#first ?? this.#reader?.read();
    this.#first = undefined;
    return next ?? Promise.resolve({ done: true });
  }

  /** Call after the end, because the pipe is kept as long as its process. */
  release(): void {
    this.size.close();
    this.#reader = undefined;
  }

  /** Stops reading and closes the read end. Later writes get SIGPIPE. Pending reads resolve to `done`. */
  async cancel(): Promise<void> {
    await this.#reader?.cancel();
  }
}
