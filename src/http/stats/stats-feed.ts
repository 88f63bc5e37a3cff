import { messageOf } from "../../reason.ts";
import type { Sampler, UsageSample } from "../../process/usage/sampler.ts";
import { EncodingCache } from "../feed/encoding-cache.ts";
import type { FeedSource } from "../feed/feed.ts";
import { escapeLineEnds, maxLineBytes, toJsonLines } from "../feed/json-line.ts";
import { commentLine } from "../feed/sse.ts";
import { joinPieces, toJsonPieces } from "../operation/json-pieces.ts";
import { finishInSlices } from "../../slices.ts";
import type { StatsSubject } from "./stats-subject.ts";

/** Requests within this time share a sample. */
export const sharedMs = 100;

/** Encodes samples for clients. */
export interface StatsEncoder {
  /** Sent immediately, because taking a sample takes time. May be empty. */
  readonly greeting: Uint8Array;
  /** Encodes in slices. Resolves to undefined if the subject no longer exists. */
  encode(sample: UsageSample, subject: StatsSubject): Promise<Uint8Array | undefined>;
}

export interface StatsFeedOptions {
  readonly sampler: Sampler;
  readonly subject: StatsSubject;
  readonly encoder: StatsEncoder;
  readonly intervalMs: number;
  /** Called when there may be data to send. */
  readonly wake: () => void;
}

/** `event: stats\ndata: {"name":"web","stats":[…],…}\n\n`; a line that is too long is split between two JSON values. */
export const statsEventEncoder: StatsEncoder = {
  greeting: commentLine,
  encode: oncePerSample(function* (json) {
    yield "event: stats\n";
    for (const line of toJsonLines(json, maxLineBytes - "data: \n".length)) yield `data: ${line}\n`;
    yield "\n";
  }),
};

/** One line of JSON per sample. */
export const statsLineEncoder: StatsEncoder = {
  greeting: new Uint8Array(0),
  encode: oncePerSample(function* (json) {
    yield* json;
    yield "\n";
  }),
};

/**
 * Sends a sample immediately, then one at each multiple of the interval, so that clients with the same interval share
 * samples. A sample is taken only when the client can receive it: a slow client gets the latest one, and costs nothing
 * until then.
 */
export class StatsFeed implements FeedSource {
  readonly greeting: Uint8Array;
  readonly #options: StatsFeedOptions;
  readonly #unsubscribe: () => void;
  #dueAtMs = performance.now();
  #isReading = false;
  #frame: Uint8Array | undefined;
  #failure: string | undefined;

  constructor(options: StatsFeedOptions) {
    this.greeting = options.encoder.greeting;
    this.#options = options;
    this.#unsubscribe = options.subject.onEnd(() => {
      if (options.subject.ended) options.wake();
    });
  }

  get dueMs(): number | undefined {
    return this.#isReading ? undefined : this.#dueAtMs;
  }

  get ended(): boolean {
    return this.#options.subject.ended;
  }

  get abortReason(): string | undefined {
    return this.#failure;
  }

  next(): Uint8Array | undefined {
    const isDue = performance.now() >= this.#dueAtMs;
    if (isDue && !this.#isReading) void this.#read();
    const frame = isDue ? undefined : this.#frame;
    this.#frame = undefined;
    return frame;
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const { sampler, subject, encoder, intervalMs, wake } = this.#options;
    this.#isReading = true;
    try {
      // At most a quarter of the interval old, so that it is never the sample of the previous tick.
      const sample = await sampler.sample(subject.processes(), Math.min(sharedMs, intervalMs / 4));
      this.#frame = await encoder.encode(sample, subject);
    } catch (error) {
      this.#failure = messageOf(error);
    }
    // Set after sampling: if a sample took longer than the interval, every one would be late otherwise.
    this.#dueAtMs = tickAfter(performance.now(), intervalMs);
    this.#isReading = false;
    wake();
  }
}

/** The multiple of the interval nearest to `nowMs + intervalMs`. */
function tickAfter(nowMs: number, intervalMs: number): number {
  return Math.round(nowMs / intervalMs + 1) * intervalMs;
}

/** Encodes the document of a subject once per sample, regardless of the number of clients. `frame` gets pieces of JSON. */
function oncePerSample(frame: (json: Iterable<string>) => Iterable<string>): StatsEncoder["encode"] {
  const frames = new EncodingCache<UsageSample, Promise<Uint8Array | undefined>>(Infinity);
  const encoder = new TextEncoder();
  return (sample, subject) => {
    const encode = async () => {
      const document = subject.document(sample);
      if (document === undefined) return undefined;
      const json = toJsonPieces(document).map(escapeLineEnds);
      return encoder.encode(await finishInSlices(joinPieces(frame(json))));
    };
    return frames.get(sample, encode, subject.owner);
  };
}
