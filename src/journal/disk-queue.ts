import type { Load } from "./staged-blocks.ts";

/** Has blocks to write. */
export interface LoadSource {
  /** What to write now; undefined if there is nothing. */
  takeLoad(): Load | undefined;
  /** Called after the write. `isWritten` is false if the disk did not take it: the source keeps it. */
  loadWritten(load: Load, isWritten: boolean): void;
}

/**
 * Writes the blocks of all templates, one write at a time, in turns. A disk that hangs then occupies one thread of the few that
 * Bun has for files, not all.
 */
export class DiskQueue {
  readonly #waiting = new Set<LoadSource>();
  #isRunning = false;

  /** The source has something to write. */
  request(source: LoadSource): void {
    this.#waiting.add(source);
    if (!this.#isRunning) void this.#run();
  }

  /** The source has nothing to write any more. */
  cancel(source: LoadSource): void {
    this.#waiting.delete(source);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (const source of this.#waiting) {
      // A source that asks again is the last in line.
      this.#waiting.delete(source);
      const load = source.takeLoad();
      if (load === undefined) continue;
      const isWritten = await load.file.append(load.slots.map(({ memory, used }) => memory.subarray(0, used)));
      source.loadWritten(load, isWritten);
    }
    this.#isRunning = false;
  }
}
