import { hasTimeLeft, runInNextTurn } from "../../slices.ts";
import type { Arrival, Pieces, PieceSource } from "../listen/connection.ts";
import type { ClientPresence } from "./client-presence.ts";
import { type Allocate, PieceMemory } from "./piece-memory.ts";

/** Gives the socket about this many bytes at a time: whole pieces until there are as many; measured with `bun run bench`. */
const takeBytes = 256 * 1024;
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
  /** The next piece, which may be empty. Undefined if there is none now. `allocate` returns memory that it may use. */
  next(allocate: Allocate): Uint8Array | undefined;
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
  /** Is told what is sent. Undefined if it does not matter whether the client is there. */
  readonly presence?: ClientPresence | undefined;
  /** Called when the feed was closed. */
  readonly onClose?: (() => void) | undefined;
  /** Called with the reason when the response was aborted. */
  readonly onAbort?: (reason: string) => void;
}

/**
 * The body of a response, which whoever sends it takes piece by piece: Bun through `toStream`, or `early-headers.ts`
 * through `take`. Only the data of one `take` is buffered in between. The source is closed and the timer cleared when the
 * client disconnects, the data ends or the response is aborted. All feeds share the time of a turn of the event loop with
 * other work in slices: a client that reads as fast as gafferd encodes would otherwise delay everything else.
 */
export class Feed implements PieceSource {
  readonly #options: FeedOptions;
  readonly #source: FeedSource;
  /** The pending `take`; undefined if there is none. */
  #pending: PromiseWithResolvers<Pieces | undefined> | undefined;
  readonly #memory = new PieceMemory();
  #abort: ((reason: Error) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitingSinceMs = 0;
  #isScheduled = false;
  #isGreeted = false;
  #isClosed = false;
  #wasAborted = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#source = options.open(() => this.#wake());
  }

  onAbort(abort: (reason: Error) => void): void {
    this.#abort = abort;
  }

  onConnected(arrival: Arrival): void {
    this.#options.presence?.onConnected(arrival);
  }

  take(): Pieces | undefined | Promise<Pieces | undefined> {
    this.#source.release?.();
    this.#options.presence?.beforeSending();
    const mayCollect = this.#isClosed || hasTimeLeft();
    const pieces = mayCollect ? this.#collect() : [];
    if (pieces === undefined || pieces.length > 0) {
      this.#options.presence?.sending();
      return pieces;
    }
    this.#memory.drop();
    this.#pending = Promise.withResolvers();
    this.#waitingSinceMs = performance.now();
    if (mayCollect) this.#armTimer();
    else this.#serveInNextTurn();
    return this.#pending.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#source.close();
    this.#options.onClose?.();
    this.#settle(undefined);
  }

  /** The feed as a stream that Bun's socket pulls from. */
  toStream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.onAbort((reason) => controller.error(reason)),
        pull: (controller) => {
          const enqueue = (pieces: Pieces | undefined) => {
            for (const piece of pieces ?? []) controller.enqueue(piece);
            if (pieces === undefined && !this.#wasAborted) controller.close();
          };
          const pieces = this.take();
          return pieces instanceof Promise ? pieces.then(enqueue) : enqueue(pieces);
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Serves a pending `take`, once per tick. */
  #wake(): void {
    if (this.#pending === undefined) return void this.#abortIfFailed();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (hasTimeLeft()) this.#serve();
      else this.#serveInNextTurn();
    });
  }

  #serveInNextTurn(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    runInNextTurn(() => {
      this.#isScheduled = false;
      this.#serve();
    });
  }

  /** Gives a pending `take` the available data. Otherwise sets the timer again. Rejects the `take` with what the source throws. */
  #serve(): void {
    if (this.#pending === undefined) return;
    try {
      const pieces = this.#collect();
      if (pieces === undefined || pieces.length > 0) this.#settle(pieces);
      else this.#armTimer();
    } catch (error) {
      this.#pending.reject(error);
      this.close();
    }
  }

  #settle(pieces: Pieces | undefined): void {
    clearTimeout(this.#timer);
    const pending = this.#pending;
    this.#pending = undefined;
    this.#options.presence?.beforeSending();
    this.#options.presence?.sending();
    pending?.resolve(pieces);
  }

  /** The available data, empty if there is none yet; undefined if the feed has ended. */
  #collect(): Pieces | undefined {
    if (this.#isClosed) return undefined;
    const batch = new Batch();
    const greeting = this.#source.greeting?.length ? this.#source.greeting : this.#options.greeting;
    if (!this.#isGreeted && greeting !== undefined) batch.add(greeting);
    this.#isGreeted = true;
    do {
      if (this.#abortIfFailed()) return undefined;
      const piece = this.#source.next(this.#memory.allocate);
      if (piece === undefined) break;
      batch.add(piece);
    } while (batch.length === 0 || (batch.length < takeBytes && hasTimeLeft()));
    if (batch.length > 0 || !this.#source.ended) return batch.end();
    this.close();
    return undefined;
  }

  #abortIfFailed(): boolean {
    const reason = this.#isClosed ? undefined : this.#source.abortReason;
    if (reason === undefined) return false;
    this.#options.onAbort?.(reason);
    this.#wasAborted = true;
    this.#abort?.(new Error(reason));
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
        this.#serve();
        if (this.#pending === undefined || heartbeat === undefined || performance.now() < beatAtMs) return;
        this.#settle([heartbeat.bytes]);
      },
      Math.max(1, atMs - performance.now()),
    );
  }
}

/** The data of one `take`: large pieces unchanged, but contiguous ones as one, and small ones combined. */
class Batch {
  readonly #pieces: Uint8Array[] = [];
  #small: Uint8Array[] = [];
  #smallBytes = 0;
  #length = 0;

  /** Total bytes added. */
  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    if (piece.length >= smallBytes) {
      this.#combine();
      this.#append(piece);
      return;
    }
    this.#small.push(piece);
    this.#smallBytes += piece.length;
    if (this.#smallBytes >= smallBytes) this.#combine();
  }

  end(): Pieces {
    this.#combine();
    return this.#pieces;
  }

  #combine(): void {
    const [first] = this.#small;
    if (first === undefined) return;
    this.#append(this.#small.length === 1 ? first : Buffer.concat(this.#small));
    this.#small = [];
    this.#smallBytes = 0;
  }

  #append(piece: Uint8Array): void {
    const last = this.#pieces.at(-1);
    const isNext = last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset;
    if (!isNext) return void this.#pieces.push(piece);
    this.#pieces.pop();
    this.#pieces.push(new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length));
  }
}
