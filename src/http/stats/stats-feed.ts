import { messageOf } from "../../reason.ts";
import type { Sampler, UsageSample } from "../../process/usage/sampler.ts";
import { EncodedOnce } from "../feed/encoded-once.ts";
import type { FeedSource } from "../feed/feed.ts";
import { breakJson, maxLineBytes, toJsonLine } from "../feed/json-line.ts";
import { commentLine } from "../feed/sse.ts";
import type { StatsSubject } from "./stats-subject.ts";

/** Who asks within this time shares a sample. */
export const sharedMs = 100;

/** Turns samples into what a client is sent. */
export interface StatsEncoder {
  /** Sent first, at once, since a sample takes its time; empty for nothing. */
  readonly greeting: Uint8Array;
  /** Undefined when the subject has vanished. */
  encode(sample: UsageSample, subject: StatsSubject): Uint8Array | undefined;
}

export interface StatsFeedOptions {
  readonly sampler: Sampler;
  readonly subject: StatsSubject;
  readonly encoder: StatsEncoder;
  readonly intervalMs: number;
  /** Called when there may be something to send. */
  readonly wake: () => void;
}

/** `event: stats\ndata: {"name":"web","stats":[…],…}\n\n`; what is too long for a line is broken between two values. */
export const statsEventEncoder: StatsEncoder = {
  greeting: commentLine,
  encode: oncePerSample((json) => {
    const lines = breakJson(json, maxLineBytes - "data: \n".length) ?? [json];
    return `event: stats\n${lines.map((line) => `data: ${line}\n`).join("")}\n`;
  }),
};

/** A line of JSON. */
export const statsLineEncoder: StatsEncoder = {
  greeting: new Uint8Array(0),
  encode: oncePerSample((json) => `${json}\n`),
};

/**
 * A sample at once, then one at each multiple of the interval, so that all who watch at the same pace share them. It is
 * taken when the client can take it: who is slow gets the newest, and costs nothing meanwhile.
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

  get brokenBecause(): string | undefined {
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
      // A sample of the tick before is not to be taken for one of this.
      const sample = await sampler.sample(subject.processes(), Math.min(sharedMs, intervalMs / 4));
      this.#frame = encoder.encode(sample, subject);
    } catch (error) {
      this.#failure = messageOf(error);
    }
    // Not before: were a sample to take longer than the interval, none would ever be in time.
    this.#dueAtMs = tickAfter(performance.now(), intervalMs);
    this.#isReading = false;
    wake();
  }
}

/** The multiple of the interval that is nearest to one interval from now. */
function tickAfter(nowMs: number, intervalMs: number): number {
  return Math.round(nowMs / intervalMs + 1) * intervalMs;
}

/** However many watch a subject, its document is made, and encoded, once a sample. */
function oncePerSample(frame: (json: string) => string): StatsEncoder["encode"] {
  const frames = new EncodedOnce<UsageSample, Uint8Array | undefined>(Infinity);
  const encoder = new TextEncoder();
  return (sample, subject) => {
    const encode = () => {
      const document = subject.document(sample);
      return document === undefined ? undefined : encoder.encode(frame(toJsonLine(document)));
    };
    return frames.get(sample, encode, subject.owner);
  };
}
