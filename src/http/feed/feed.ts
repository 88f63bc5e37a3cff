/** Gives the socket at most this many bytes at a time, plus the rest of a piece; measured with `bun run bench`. */
const pullBytes = 256 * 1024;
/** Smaller pieces are combined before they are given to the socket. */
const smallBytes = 16 * 1024;

/** The data of a feed, read piece by piece when the client can take more. */
export interface FeedSource {
  /**
   * Sent first and at once: Bun (1.4.5) sends the headers with the first byte, and clients such as `fetch` and
   * `EventSource` wait for the headers.
   */
  readonly greeting?: Uint8Array;
  /** More headers of the response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The next piece, which may be empty. Undefined if there is none now. */
  next(): Uint8Array | undefined;
  /** Called when all pieces so far were written or copied by Bun (1.4.5), so their memory may be reused. */
  release?(): void;
  /** When to read again even if `wake` is not called, on the steady clock. Undefined for never. */
  readonly dueMs: number | undefined;
  /** No more data will follow. */
  readonly ended: boolean;
  /** Why to abort the response, so that the client sees that it is incomplete. Undefined to continue. */
  readonly abortReason: string | undefined;
  /** Called once, when the client has disconnected or all data was sent. */
  close(): void;
}

export interface FeedOptions {
  /** Creates the source, which calls `wake` when it may have data. `wake` returns at once. */
  readonly open: (wake: () => void) => FeedSource;
  /** Sent first if the source has no greeting. Default: nothing. */
  readonly greeting?: Uint8Array | undefined;
  /** Bytes to send after `everyMs` of silence. Undefined for none. */
  readonly heartbeat: { readonly everyMs: number; readonly bytes: Uint8Array } | undefined;
  /** Called with the reason when the response was aborted. */
  readonly onAbort?: (reason: string) => void;
}

/**
 * Creates the body of a response. The socket pulls from the source, so only the data of one pull is buffered in between.
 * The source is closed and the timer cleared when the client disconnects, the data ends or the response is aborted.
 */
export function createFeed(options: FeedOptions): ReadableStream<Uint8Array> {
  const feed = new Feed(options);
  return new ReadableStream<Uint8Array>(
    { start: (controller) => feed.start(controller), pull: () => feed.pull(), cancel: () => feed.close() },
    { highWaterMark: 0 },
  );
}

class Feed {
  readonly #options: FeedOptions;
  readonly #source: FeedSource;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Resolves the pending pull; undefined if there is none. */
  #resolvePull: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitingSinceMs = 0;
  #isScheduled = false;
  #isGreeted = false;
  #isClosed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#source = options.open(() => this.#wake());
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  pull(): Promise<void> | undefined {
    this.#source.release?.();
    if (this.#serve()) return undefined;
    return new Promise((resolve) => {
      this.#resolvePull = resolve;
      this.#waitingSinceMs = performance.now();
      this.#armTimer();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#source.close();
    this.#resolvePull?.();
  }

  /** Serves a pending pull, once per tick. */
  #wake(): void {
    if (this.#resolvePull === undefined) return void this.#abortIfFailed();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#resolvePull === undefined) return;
      if (this.#serve()) this.#settle();
      else this.#armTimer();
    });
  }

  #settle(): void {
    clearTimeout(this.#timer);
    const resolvePull = this.#resolvePull;
    this.#resolvePull = undefined;
    resolvePull?.();
  }

  /** Sends the available data, or ends the response. Returns false if there is no data yet. */
  #serve(): boolean {
    const controller = this.#controller;
    if (this.#isClosed || controller === undefined) return true;
    const batch = new Batch(controller);
    const greeting = this.#source.greeting?.length ? this.#source.greeting : this.#options.greeting;
    if (!this.#isGreeted && greeting !== undefined) batch.add(greeting);
    this.#isGreeted = true;
    while (batch.length < pullBytes) {
      if (this.#abortIfFailed()) return true;
      const piece = this.#source.next();
      if (piece === undefined) break;
      batch.add(piece);
    }
    batch.flush();
    if (batch.length > 0) return true;
    if (!this.#source.ended) return false;
    controller.close();
    this.close();
    return true;
  }

  #abortIfFailed(): boolean {
    const reason = this.#isClosed ? undefined : this.#source.abortReason;
    if (reason === undefined) return false;
    this.#options.onAbort?.(reason);
    this.#controller?.error(new Error(reason));
    this.close();
    return true;
  }

  /** Sets the timer for the source's next due time or the heartbeat, whichever is first. */
  #armTimer(): void {
    const { heartbeat } = this.#options;
    const { dueMs } = this.#source;
    const beatAtMs = heartbeat === undefined ? Infinity : this.#waitingSinceMs + heartbeat.everyMs;
    const atMs = Math.min(beatAtMs, dueMs ?? Infinity);
    clearTimeout(this.#timer);
    if (atMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        if (this.#serve()) return this.#settle();
        if (heartbeat === undefined || performance.now() < beatAtMs) return this.#armTimer();
        this.#controller?.enqueue(heartbeat.bytes);
        this.#settle();
      },
      Math.max(1, atMs - performance.now()),
    );
  }
}

/** The data of one pull: large pieces unchanged, small ones combined. */
class Batch {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  #small: Uint8Array[] = [];
  #smallBytes = 0;
  #length = 0;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller;
  }

  /** Total bytes added. */
  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    this.#small.push(piece);
    this.#smallBytes += piece.length;
    if (this.#smallBytes >= smallBytes) this.flush();
  }

  flush(): void {
    const [first] = this.#small;
    if (first === undefined) return;
    this.#controller.enqueue(this.#small.length === 1 ? first : Buffer.concat(this.#small));
    this.#small = [];
    this.#smallBytes = 0;
  }
}
