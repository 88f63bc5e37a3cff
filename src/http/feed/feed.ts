/** So much is given to a socket at a time, if there is so much; chosen by measurement (`bun run bench`). */
const pullBytes = 256 * 1024;
/** Pieces smaller than this are put together before they are given to the socket. */
const smallBytes = 16 * 1024;

/** What a feed sends, asked for piece by piece when the client can take more. */
export interface FeedSource {
  /**
   * Sent first, at once: Bun (1.4.5) sends the headers with the first byte, and a client that waits for them, as `fetch`
   * and `EventSource` do, would not know that it is connected.
   */
  readonly greeting?: Uint8Array;
  /** Headers of the response that only it can know. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The next piece, which may be empty; undefined when there is nothing now. */
  next(): Uint8Array | undefined;
  /** All pieces that were given are with the kernel, or copied by Bun (1.4.5): they may change. */
  taken?(): void;
  /** When to ask again though nobody wakes the feed, on the steady clock. */
  readonly dueMs: number | undefined;
  /** Nothing will ever follow. */
  readonly ended: boolean;
  /** Why the response is to be cut off, so that the client sees that it is not whole; undefined while it is. */
  readonly brokenBecause: string | undefined;
  /** Called once, when the client has gone or all was sent. */
  close(): void;
}

export interface FeedOptions {
  /** Makes the source; `wake` is to be called when it may have something, and returns at once. */
  readonly open: (wake: () => void) => FeedSource;
  /** Sent first if the source has no greeting. */
  readonly greeting?: Uint8Array | undefined;
  /** What is sent after so much silence; undefined: nothing. */
  readonly heartbeat: { readonly everyMs: number; readonly bytes: Uint8Array } | undefined;
  /** Told when the client was cut off, and why. */
  readonly onBroken?: (reason: string) => void;
}

/**
 * The body of a response: pulled, so that between source and socket stands nothing but what one pull gave. The source
 * and the one timer go with the client, the end or the break, whichever comes first.
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
  /** Set while the client waits for us. */
  #served: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitingSinceMs = 0;
  #isWoken = false;
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
    this.#source.taken?.();
    if (this.#serve()) return undefined;
    return new Promise((resolve) => {
      this.#served = resolve;
      this.#waitingSinceMs = performance.now();
      this.#armTimer();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#source.close();
    this.#served?.();
  }

  /** Serves a waiting client once a tick, however much comes in it. */
  #wake(): void {
    if (this.#served === undefined) return void this.#isBroken();
    if (this.#isWoken) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      if (this.#served === undefined) return;
      if (this.#serve()) this.#settle();
      else this.#armTimer();
    });
  }

  #settle(): void {
    clearTimeout(this.#timer);
    const served = this.#served;
    this.#served = undefined;
    served?.();
  }

  /** Gives the client what there is, or ends. False when there is nothing yet. */
  #serve(): boolean {
    const controller = this.#controller;
    if (this.#isClosed || controller === undefined) return true;
    const batch = new Batch(controller);
    const greeting = this.#source.greeting?.length ? this.#source.greeting : this.#options.greeting;
    if (!this.#isGreeted && greeting !== undefined) batch.add(greeting);
    this.#isGreeted = true;
    while (batch.length < pullBytes) {
      if (this.#isBroken()) return true;
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

  #isBroken(): boolean {
    const reason = this.#isClosed ? undefined : this.#source.brokenBecause;
    if (reason === undefined) return false;
    this.#options.onBroken?.(reason);
    this.#controller?.error(new Error(reason));
    this.close();
    return true;
  }

  /** Waits for what the source has due, or for the heartbeat. */
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

/** What one pull gives: large pieces as they are, small ones put together. */
class Batch {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  #small: Uint8Array[] = [];
  #smallBytes = 0;
  #length = 0;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller;
  }

  /** Of all that was added. */
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
