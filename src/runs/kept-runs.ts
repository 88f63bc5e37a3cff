import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Run } from "./run.ts";
import type { RunRow, RunRows } from "./run-rows.ts";

/** How often runs are written again that the disk refused. */
const retryMs = 5000;

/** The store, as far as this needs it. */
export interface RunStore {
  readonly rows: RunRows;
  /** Resolves when everything that was written survives a power failure. */
  durable(): Promise<void>;
}

/**
 * Keeps runs on disk. What changes within one turn of the event loop is written in one transaction. Without a store, runs are
 * kept in memory only.
 */
export class KeptRuns {
  readonly #log: Logger;
  #store: RunStore | undefined;
  /** What is to be written, by id; undefined if a row is to be removed. */
  readonly #changed = new Map<string, Run | undefined>();
  #write: Promise<boolean> | undefined;
  #isRefused = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Uses the store from now on. Returns the runs in it. Throws the errors of SQLite. */
  open(store: RunStore): RunRow[] {
    this.#store = store;
    return store.rows.read(this.#log);
  }

  /** Writes the present facts of a run. Resolves to false if the disk refused them; they are then written again later. */
  save(run: Run): Promise<boolean> {
    this.#changed.set(run.id, run);
    return this.#writeSoon();
  }

  /** Removes a run, unless another with its id is saved in the same turn. */
  forget(id: string): Promise<boolean> {
    this.#changed.set(id, undefined);
    return this.#writeSoon();
  }

  /** Like `save`, but resolves when the run survives a power failure. */
  async reserve(run: Run): Promise<boolean> {
    if (!(await this.save(run))) return false;
    try {
      await this.#store?.durable();
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  /** Writes what is left, and releases the store. */
  close(): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#store?.rows.close();
    this.#store = undefined;
  }

  #writeSoon(): Promise<boolean> {
    if (this.#store === undefined) {
      this.#changed.clear();
      return Promise.resolve(true);
    }
    return (this.#write ??= new Promise((resolve) => setImmediate(() => resolve(this.#flush()))));
  }

  #flush(): boolean {
    this.#write = undefined;
    const rows = this.#store?.rows;
    if (rows === undefined || this.#changed.size === 0) return true;
    try {
      rows.write([...this.#changed].map(([id, run]) => [id, run]));
      this.#changed.clear();
      if (this.#isRefused) this.#log.warn("runs are saved again");
      this.#isRefused = false;
      return true;
    } catch (error) {
      this.#refused(error);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#flush(), retryMs).unref();
      return false;
    }
  }

  #refused(error: unknown): void {
    if (!this.#isRefused)
      this.#log.error(`cannot save runs in ${this.#store?.rows.path}: ${messageOf(error)}; trying again`);
    this.#isRefused = true;
  }
}
