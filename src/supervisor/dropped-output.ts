import type { SupervisedProcess } from "./supervised-process.ts";

/** Totals of processes whose output is no longer kept. */
export interface DroppedTotals {
  readonly count: number;
  readonly newestId: number;
  readonly exitRank: number;
  /** By label. */
  readonly bytes: Readonly<Record<string, number>>;
}

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

  add({ id, exitRank, rings }: Pick<SupervisedProcess, "id" | "exitRank" | "rings">): void {
    const bytes = Object.fromEntries([...rings].map(([label, { head }]) => [label, head]));
    this.addTotals({ count: 1, newestId: id, exitRank: exitRank ?? Infinity, bytes });
  }

  /** Adds the totals of several processes. `bytes` are by label. */
  addTotals(totals: DroppedTotals): void {
    this.#count += totals.count;
    this.#newestId = Math.max(this.#newestId, totals.newestId);
    this.#exitRank = Math.max(this.#exitRank, totals.exitRank);
    for (const [label, bytes] of Object.entries(totals.bytes)) {
      this.#bytes.set(label, (this.#bytes.get(label) ?? 0) + bytes);
    }
  }
}
