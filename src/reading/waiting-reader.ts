import { OutputReader } from "./output-reader.ts";
import type { OutputSource } from "./output-source.ts";
import type { OutputStart } from "./output-start.ts";

export interface WaitingReaderOptions {
  readonly source: OutputSource;
  /** Only this output; undefined for all. */
  readonly label: string | undefined;
  readonly start: OutputStart;
  /** Called when the template was deleted. */
  readonly onGone?: () => void;
  /** Called when a process has waited for its `lossless_timeout`. */
  readonly onCutOff: () => void;
}

/** A lossless reader that does not read, so that the processes wait for it. The caller must `close` it. */
export class WaitingReader {
  readonly #options: WaitingReaderOptions;
  #reader: OutputReader;
  #isClosed = false;

  constructor(options: WaitingReaderOptions) {
    this.#options = options;
    this.#reader = this.#open(options.start);
  }

  /** The processes may wait for another `lossless_timeout`. */
  renew(): void {
    const before = this.#reader;
    this.#reader = this.#open({ kind: "resume", position: before.position() });
    before.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#reader.close();
  }

  #open(start: OutputStart): OutputReader {
    const { source, label, onCutOff } = this.#options;
    return new OutputReader(source, {
      ...(label === undefined ? {} : { label }),
      start,
      unit: "bytes",
      lossless: true,
      keepsBehind: true,
      // Asynchronous, because this is called while the source changes.
      onReady: () => queueMicrotask(() => this.#follow()),
      onCutOff,
    });
  }

  #follow(): void {
    const { source, onGone } = this.#options;
    if (this.#isClosed) return;
    if (source.isGone && onGone !== undefined) onGone();
    else this.#reader.follow();
  }
}
