import type { OpenReader, OutputItems } from "../../reading/output-items.ts";
import type { OutputSource } from "../../reading/output-source.ts";
import { type OutputStart, ringsOf } from "../../reading/output-start.ts";
import type { FeedSource } from "../feed/feed.ts";
import { gapHeader } from "../feed/gap-header.ts";
import { dropSharedEvents, type EncodingPlace, type OutputEncoder } from "./output-encoder.ts";
import type { Follow } from "./output-query.ts";
import { formatStreamId } from "../feed/stream-id.ts";

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
}

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

  /** Throws `bad_value` if it cannot resume because the output never had that position. */
  constructor(options: OutputFeedOptions) {
    this.#options = options;
    this.#reader = options.openReader({
      onReady: options.wake,
      onCutOff: () => {
        this.#wasCutOff = true;
        options.wake();
      },
    });
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
    if (this.#reader.ended) return true;
    const { follow, source } = this.#options;
    return this.#wasExhausted && (follow === false || (follow === "until-exit" && source.isAtRest));
  }

  get abortReason(): string | undefined {
    if (this.#wasCutOff) return "it read nothing within `lossless_timeout`";
    if (this.#options.encoder.namesGaps || !this.#reader.isBehind) return undefined;
    return "it fell behind: bytes it has not read are no longer in the buffer, and a raw stream cannot report the gap";
  }

  next(): Uint8Array | undefined {
    const { encoder, follow } = this.#options;
    const item = this.#reader.next(encoder.maxBytes, follow ? performance.now() : Infinity);
    this.#wasExhausted = item === undefined && !this.#reader.isLoading;
    return item && encoder.encode(item, this.#place);
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
    this.#reader.close();
    dropSharedEvents(source.processes().flatMap((process) => ringsOf(process, label)));
  }
}
