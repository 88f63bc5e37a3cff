import type { SupervisedProcess } from "./supervised-process.ts";

/** What is known of processes whose output is no longer held, so that readers can tell how much they lost. */
export class DroppedOutput {
  readonly #bytes = new Map<string, number>();
  #count = 0;
  #newestId = 0;
  #exitRank = 0;

  get count(): number {
    return this.#count;
  }

  /** The greatest of their ids; 0 without any. */
  get newestId(): number {
    return this.#newestId;
  }

  /** The greatest rank of their exits; Infinity when the output of one went on after it was dropped. */
  get exitRank(): number {
    return this.#exitRank;
  }

  /** How many bytes they wrote to the output of this label; without one, to all outputs. */
  bytes(label: string | undefined): number {
    if (label !== undefined) return this.#bytes.get(label) ?? 0;
    return this.#bytes.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  add({ id, exitRank, rings }: SupervisedProcess): void {
    this.#count += 1;
    this.#newestId = Math.max(this.#newestId, id);
    this.#exitRank = Math.max(this.#exitRank, exitRank ?? Infinity);
    for (const [label, { head }] of rings) this.#bytes.set(label, (this.#bytes.get(label) ?? 0) + head);
  }
}
