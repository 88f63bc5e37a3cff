import type { OpenReader, OutputItems } from "../../reading/output-items.ts";
import type { OutputSource } from "../../reading/output-source.ts";
import { type OutputStart, ringsOf } from "../../reading/output-start.ts";
import type { FeedSource } from "../feed/feed.ts";
import { gapHeader } from "../feed/gap-header.ts";
import type { Allocate } from "../feed/piece-memory.ts";
import { dropSharedEvents, type EncodingPlace, type OutputEncoder } from "./output-encoder.ts";
import type { Follow } from "./output-query.ts";
import { type NamedConnection, type NamedReader, openConnected } from "./named-reader.ts";
import { formatStreamId } from "../feed/stream-id.ts";
import type { StreamPosition } from "../../reading/stream-position.ts";

export interface OutputFeedOptions {
  readonly source: OutputSource;
  readonly openReader: OpenReader;
  readonly start: OutputStart;
  /** The output that is read; undefined for all. */
  readonly label: string | undefined;
  readonly encoder: OutputEncoder;
  readonly follow: Follow;
  /** Called when there may be something to send. */
  readonly wake: () => void;
  readonly named?: NamedReader | undefined;
}

const retrySoon = Buffer.from("retry: 10\n\n");

/** The source of a feed of output. */
export class OutputFeed implements FeedSource {
  readonly greeting: Uint8Array;
  /** Report what was lost before the first byte, if the encoder does not report gaps. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #options: OutputFeedOptions;
  readonly #reader: OutputItems;
  /** The id after the last item. */
  #newestId: string | undefined;
  readonly #place: EncodingPlace;
  #wasCutOff = false;
  #wasExhausted = false;
  #wasReplaced = false;
  #sentBytes = 0;
  #hasRetry = false;

  readonly #connection: NamedConnection | undefined;

  /** Throws `bad_value` if it cannot resume because the output never had that position, and `overloaded`. */
  constructor(options: OutputFeedOptions) {
    this.#options = options;
    this.#connection = options.named?.connect(() => this.#replace());
    const onCutOff = () => {
      this.#wasCutOff = true;
      options.wake();
    };
    this.#reader = openConnected(options.openReader, { onReady: options.wake, onCutOff }, this.#connection);
    this.#place = this.#createPlace();
    this.headers = options.encoder.namesGaps ? {} : gapHeader(this.#reader.takeGaps());
    const { start } = options;
    // A client that resumes keeps its id until it has received the gap event for what it missed.
    const isNew = start.kind !== "resume" && start.kind !== "restart";
    if (isNew) this.#newestId = formatStreamId(this.#reader.position());
    this.greeting = options.encoder.greet(this.#newestId);
  }

  get dueMs(): number | undefined {
    return this.#reader.dueMs;
  }

  get ended(): boolean {
    if (this.#reader.ended || this.#isFull) return true;
    const { follow, source } = this.#options;
    return this.#wasExhausted && (follow === false || (follow === "until-exit" && source.isAtRest));
  }

  get abortReason(): string | undefined {
    if (this.#wasReplaced) return "another connection has taken its name over";
    if (this.#wasCutOff) return "it read nothing within `lossless_timeout`";
    if (this.#options.encoder.namesGaps || !this.#reader.isBehind) return undefined;
    return "it fell behind: bytes it has not read are no longer in the buffer, and a raw stream cannot report the gap";
  }

  next(allocate: Allocate): Uint8Array | undefined {
    const { encoder, follow } = this.#options;
    if (this.#isFull) return this.#takeRetry();
    const maxBytes = Math.min(encoder.maxBytes, this.#connection?.maxBytes ?? Infinity);
    const item = this.#reader.next(maxBytes, follow ? performance.now() : Infinity);
    this.#wasExhausted = item === undefined && !this.#reader.isLoading;
    if (item?.kind === "bytes") this.#sentBytes += item.to - item.from;
    return item && encoder.encode(item, this.#place, allocate);
  }

  /** The response of a named reader ends here. */
  get #isFull(): boolean {
    return this.#sentBytes >= (this.#connection?.maxBytes ?? Infinity);
  }

  /** Another connection has its name now: aborts the response soon, and returns how far the reader has read. */
  #replace(): StreamPosition {
    this.#wasReplaced = true;
    this.#options.wake();
    return this.#reader.position();
  }

  /** Browsers would wait for seconds before the next request. */
  #takeRetry(): Uint8Array | undefined {
    if (this.#hasRetry) return undefined;
    this.#hasRetry = true;
    return retrySoon;
  }

  #createPlace(): EncodingPlace {
    const before = () => this.#newestId;
    return {
      get before() {
        return before();
      },
      after: (to) => {
        if (to !== undefined) this.#reader.unread(to);
        return (this.#newestId = formatStreamId(this.#reader.position()));
      },
    };
  }

  release(): void {
    this.#reader.release();
  }

  close(): void {
    const { source, label } = this.#options;
    this.#connection?.leave(this.#reader.ended || this.#wasCutOff ? undefined : this.#reader.position());
    this.#reader.close();
    dropSharedEvents(source.processes().flatMap((process) => ringsOf(process, label)));
  }
}
