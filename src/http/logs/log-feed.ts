import type { Logger } from "../../log.ts";
import type { LogItem } from "../../logs/log-item.ts";
import { messageOf } from "../../reason.ts";
import type { FeedSource } from "../feed/feed.ts";
import type { LogEncoder } from "./log-encoder.ts";
import { searchPermits } from "./search-permits.ts";

/** What is sent: the items of a search. */
export interface LogItems {
  /** The next item; undefined if there is none, or none yet. */
  next(): Promise<LogItem | undefined>;
  /** Whether nothing will follow once `next` has returned undefined. */
  readonly ends: boolean;
  /** Calls `onNews` when `next` may return more. */
  onNews(onNews: () => void): void;
  /** Frees memory and files until the next call of `next`. */
  park(): Promise<void>;
  /** Ends a search that is going on. */
  cancel(): void;
  close(): Promise<void>;
}

export interface LogFeedOptions {
  readonly items: LogItems;
  readonly encode: LogEncoder;
  readonly greeting: Uint8Array;
  /** Called when there may be something to send. */
  readonly wake: () => void;
  readonly log: Logger;
}

/** Found ahead of the client. Then the search waits until the client has taken it. */
const aheadBytes = 256 * 1024;
/** If others wait, a search that has found something lets them go first after this time. */
const longestTurnMs = 50;

/** The source of a response of `/logs`. It searches only while its client reads. */
export class LogFeed implements FeedSource {
  readonly greeting: Uint8Array;
  readonly dueMs = undefined;
  readonly #options: LogFeedOptions;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isSearching = false;
  #hasNews = true;
  #isOver = false;
  #isClosed = false;
  #failure: string | undefined;

  constructor(options: LogFeedOptions) {
    this.#options = options;
    this.greeting = options.greeting;
    options.items.onNews(() => {
      this.#hasNews = true;
      options.wake();
    });
  }

  get ended(): boolean {
    return this.#isOver && this.#pieces.length === 0;
  }

  get abortReason(): string | undefined {
    return this.#pieces.length === 0 ? this.#failure : undefined;
  }

  next(): Uint8Array | undefined {
    const piece = this.#pieces.shift();
    this.#bytes -= piece?.length ?? 0;
    if (piece === undefined && this.#hasNews && !this.#isOver) this.#search();
    return piece;
  }

  close(): void {
    this.#isClosed = true;
    this.#pieces = [];
    this.#options.items.cancel();
    if (!this.#isSearching) void this.#options.items.close();
  }

  #search(): void {
    if (this.#isSearching || this.#isClosed) return;
    this.#isSearching = true;
    const { items, log, wake } = this.#options;
    void this.#fill()
      .catch((error: unknown) => {
        log.error(`cannot search kept output: ${messageOf(error)}`, error);
        this.#failure = messageOf(error);
        this.#hasNews = false;
      })
      .then(async () => {
        await items.park().catch(() => {});
        this.#isSearching = false;
        if (this.#isClosed) await items.close();
        else wake();
      });
  }

  /** Searches until there is enough to send. */
  async #fill(): Promise<void> {
    const { items, encode, wake } = this.#options;
    await searchPermits.acquire();
    let startedMs = performance.now();
    try {
      while (this.#bytes < aheadBytes && !this.#isClosed) {
        this.#hasNews = false;
        const item = await items.next();
        if (item === undefined) {
          this.#isOver = items.ends;
          return;
        }
        this.#hasNews = true;
        for (const piece of encode(item)) {
          this.#pieces.push(piece);
          this.#bytes += piece.length;
        }
        wake();
        if (!searchPermits.areWanted || performance.now() - startedMs < longestTurnMs) continue;
        // Goes to the end of the queue, so that a long search does not hold up a short one.
        await items.park();
        searchPermits.release();
        await searchPermits.acquire();
        startedMs = performance.now();
      }
    } finally {
      searchPermits.release();
    }
  }
}
