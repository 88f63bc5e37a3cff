import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Run } from "./run.ts";
import type { RunRow, RunRows } from "./run-rows.ts";

/** How often runs are written again that the disk refused. */
const retryMs = 5000;

/** Each resolves when `run` is committed, and rejects with the errors of SQLite and of the disk. */
type Write = (run: () => void) => Promise<void>;

/** The store, as far as this needs it. */
export interface RunStore {
  readonly rows: RunRows;
  /** It then survives a power failure. */
  readonly write: Write;
  /** It then survives a kill. */
  readonly writeSoon: Write;
  /** Like `writeSoon`, within 100 ms. */
  readonly writeLater: Write;
}

/** Keeps runs on disk. Without a store, runs are kept in memory only. */
export class KeptRuns {
  readonly #log: Logger;
  #store: RunStore | undefined;
  /** What the disk refused to write, by id; undefined if a row is to be removed. */
  readonly #refused = new Map<string, Run | undefined>();
  readonly #writing = new Set<Promise<boolean>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Uses the store from now on. Returns the runs in it. Throws the errors of SQLite. */
  open(store: RunStore): RunRow[] {
    this.#store = store;
    return store.rows.read(this.#log);
  }

  /** Resolves when the run survives a power failure; to false if the disk refused it. */
  async reserve(run: Run): Promise<boolean> {
    return await this.#write("write", run.id, run);
  }

  /** Writes what is known of a run by then, within 100 ms. */
  update(run: Run): void {
    void this.#write("writeLater", run.id, run);
  }

  /** Resolves when the end of the run survives a kill, or if the disk refused it, which is then tried again. */
  async save(run: Run): Promise<void> {
    await this.#write("writeSoon", run.id, run);
  }

  /** Like `save`, for a run that is no longer kept. */
  async forget(id: string): Promise<void> {
    await this.#write("writeSoon", id, undefined);
  }

  /** Tries once more to write what was refused, and releases the store when all is written. */
  async close(): Promise<void> {
    this.#retry();
    clearInterval(this.#timer);
    await Promise.all(this.#writing);
    this.#store?.rows.close();
    this.#store = undefined;
  }

  #write(how: Exclude<keyof RunStore, "rows">, id: string, run: Run | undefined): Promise<boolean> {
    const store = this.#store;
    if (store === undefined) return Promise.resolve(true);
    const writing = store[how](() => (run === undefined ? store.rows.remove(id) : store.rows.save(run))).then(
      () => this.#noteWritten(id),
      (error: unknown) => this.#noteRefused(id, run, error),
    );
    this.#writing.add(writing);
    void writing.then(() => this.#writing.delete(writing));
    return writing;
  }

  #noteWritten(id: string): boolean {
    if (!this.#refused.delete(id) || this.#refused.size > 0) return true;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#log.warn("runs are saved again");
    return true;
  }

  #noteRefused(id: string, run: Run | undefined, error: unknown): boolean {
    this.#refused.set(id, run);
    if (this.#timer !== undefined) return false;
    this.#log.error(`cannot save runs in ${this.#store?.rows.path}: ${messageOf(error)}; trying again`);
    this.#timer = setInterval(() => this.#retry(), retryMs).unref();
    return false;
  }

  #retry(): void {
    for (const [id, run] of this.#refused) void this.#write("writeSoon", id, run);
  }
}
