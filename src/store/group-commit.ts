/** What a group commit needs of its database. */
export interface CommitTarget {
  /** Runs `write` in one transaction. Throws the errors of SQLite; then nothing of it was written. */
  transaction(write: () => void): void;
  /** Resolves when all that was committed survives a power failure. Rejects with the errors of the disk. */
  sync(): Promise<void>;
  /** Called after each transaction and its sync. Must not reject. */
  tidy(): Promise<void>;
}

/** How long a write may wait for others if its caller does not wait for the disk. */
const laterMs = 100;

interface Write {
  readonly run: () => void;
  readonly isDurable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits writes in groups: while the disk syncs one transaction, the writes that arrive wait, and then share the next one.
 * The event loop does not wait for the disk. Writes run in the order of their arrival.
 */
export class GroupCommit {
  readonly #target: CommitTarget;
  #waiting: Write[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(target: CommitTarget) {
    this.#target = target;
  }

  /**
   * Resolves when `run` is committed and survives a power failure. Rejects with the errors of SQLite and of the disk. `run`
   * is called at once if the disk is idle.
   */
  durable(run: () => void): Promise<void> {
    const promise = this.#add(run, true);
    this.#start();
    return promise;
  }

  /** Like `durable`, but resolves after the commit: a power failure may undo it. */
  soon(run: () => void): Promise<void> {
    const promise = this.#add(run, false);
    this.#start();
    return promise;
  }

  /** Like `durable`, but resolves after the commit, which comes within 100 ms: a power failure may undo it. */
  later(run: () => void): Promise<void> {
    const promise = this.#add(run, false);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#start();
    }, laterMs).unref();
    return promise;
  }

  /** Commits now what waits, so that statements can read it. */
  flush(): void {
    const durable = this.#commit();
    if (durable.length === 0) return;
    this.#waiting.unshift(...durable.map((write) => ({ ...write, run: () => {} })));
    this.#start();
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    this.#start();
    while (this.#running !== undefined) await this.#running;
  }

  #add(run: () => void, isDurable: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ run, isDurable, resolve, reject });
    return promise;
  }

  #start(): void {
    if (this.#running !== undefined || this.#waiting.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#start();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#sync(this.#commit());
      await this.#target.tidy();
    }
  }

  /** Commits all that waits. Returns the writes that are to survive a power failure. */
  #commit(): Write[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const writes = this.#waiting;
    this.#waiting = [];
    const committed = this.#attempt(writes) ?? writes.flatMap((write) => this.#attempt([write]) ?? []);
    for (const { isDurable, resolve } of committed) if (!isDurable) resolve();
    return committed.filter(({ isDurable }) => isDurable);
  }

  /** Undefined if the writes must be tried one by one, so that one which fails does not undo the others. */
  #attempt(writes: readonly Write[]): readonly Write[] | undefined {
    if (writes.length === 0) return [];
    try {
      this.#target.transaction(() => {
        for (const { run } of writes) run();
      });
      return writes;
    } catch (error) {
      if (writes.length > 1) return undefined;
      writes[0]?.reject(error);
      return [];
    }
  }

  async #sync(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    try {
      await this.#target.sync();
      for (const { resolve } of writes) resolve();
    } catch (error) {
      for (const { reject } of writes) reject(error);
    }
  }
}
