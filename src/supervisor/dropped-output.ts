import type { SupervisedProcess } from "./supervised-process.ts";

/** Totals of the processes whose output is no longer kept, so that readers can report how much they lost. */
export class DroppedOutput {
  readonly #bytes = new Map<string, number>();
  #count = 0;
  #newestId = 0;
  #exitRank = 0;

  get count(): number {
    return this.#count;
  }

  /** The greatest id of these processes; 0 if there are none. */
  get newestId(): number {
    return this.#newestId;
  }

  /** The greatest rank of their exits; 0 if there are none, Infinity if one still wrote output after it was dropped. */
  get exitRank(): number {
    return this.#exitRank;
  }

  /** How many bytes they wrote to the output with this label; without a label, to all outputs. */
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
