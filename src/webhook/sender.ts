import type { Logger } from "../log.ts";
import { steadyNowMs } from "../moment.ts";
import { type WebhookBackoff, waitMs } from "./backoff.ts";
import { deliver, type Outcome } from "./deliver.ts";
import { toHeaders } from "./headers.ts";
import type { Message, Outbox } from "./outbox.ts";
import { shownUrl, type Webhook } from "./webhook.ts";

/** How many events one webhook may queue, and for how long. */
export interface Limits {
  readonly maxQueued: number;
  readonly maxAgeMs: number;
}

export interface SenderOptions {
  readonly outbox: Outbox;
  /** As in the outbox. */
  readonly missed: number;
  readonly queued: number;
  readonly userAgent: string;
  readonly log: Logger;
  readonly backoff: WebhookBackoff;
  readonly limits: Limits;
  /** Called after the receiver answered 410 and the sender has stopped. */
  readonly onGone: () => void;
}

/** One attempt to deliver an event. */
export interface Attempt {
  readonly messageId: string;
  /** 1 is the first attempt for this event. */
  readonly number: number;
  /** When it began, Unix time in milliseconds. */
  readonly timeMs: number;
  readonly durationMs: number;
  /** Absent if there was no answer. */
  readonly status?: number;
  /** Absent if it was delivered. */
  readonly error?: string;
  /** Absent if there is no further attempt. */
  readonly nextTryAtMs?: number;
}

const keptAttempts = 100;

/**
 * Sends the queue of one webhook, one event at a time: the next one after this one was delivered or given up. Each webhook
 * has its own sender, so that no webhook delays another.
 */
export class Sender {
  /** May be replaced; the new one is used from the next attempt on. */
  webhook: Webhook;
  /** The last 100 attempts, oldest first. */
  readonly attempts: Attempt[] = [];
  /** Counts since gafferd started. */
  readonly counts = { delivered: 0, failed: 0, givenUp: 0, dropped: 0 };
  readonly #options: SenderOptions;
  #state: "idle" | "sending" | "waiting" | "stopped" = "idle";
  #queued: number;
  #missed: number;
  #isFull = false;
  #nextTryAtMs: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inFlight: AbortController | undefined;
  #faults = 0;
  /** Resolves when the sender is idle, waiting or stopped. */
  #pass: Promise<void> = Promise.resolve();

  constructor(webhook: Webhook, options: SenderOptions) {
    this.webhook = webhook;
    this.#options = options;
    this.#queued = options.queued;
    this.#missed = options.missed;
  }

  get state() {
    return this.#state;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Undefined unless it waits for the next attempt. */
  get nextTryAtMs(): number | undefined {
    return this.#nextTryAtMs;
  }

  /** Call after an event was added to the outbox. */
  noteAdded(): void {
    this.#queued += 1;
    if (this.#queued > this.#options.limits.maxQueued) this.#dropOldest();
    this.wake();
  }

  /** Call when an event could not be added. */
  noteLost(): void {
    this.counts.dropped += 1;
    this.#missed += 1;
  }

  /** Starts sending, unless it is sending or waiting for the next attempt. */
  wake(): void {
    if (this.#state !== "idle" || this.#queued === 0) return;
    this.#state = "sending";
    this.#pass = this.#sendAll();
  }

  /** Resolves when nothing can be sent at the moment. */
  async settled(): Promise<void> {
    await this.#pass;
  }

  /** Stops sending. An attempt in flight is aborted; its event stays in the outbox. */
  stop(): void {
    this.#state = "stopped";
    this.#nextTryAtMs = undefined;
    clearTimeout(this.#timer);
    this.#inFlight?.abort();
  }

  async #sendAll(): Promise<void> {
    // The publisher of an event does not wait for the first connection.
    await Promise.resolve();
    try {
      for (;;) {
        if (this.#state !== "sending") return;
        const message = this.#options.outbox.first(this.webhook.id);
        if (message === undefined) break;
        if (this.#dropAged(message)) continue;
        const waitsMs = await this.#send(message);
        this.#faults = 0;
        if (waitsMs !== undefined) return this.#wait(waitsMs);
      }
      this.#queued = 0;
      this.#state = "idle";
    } catch (error) {
      if (this.#isStopped()) return;
      this.#faults += 1;
      if (this.#faults === 1) {
        const url = shownUrl(this.webhook.url);
        this.#options.log.error(`webhook ${url}: cannot read or write its queue; trying again`, error);
      }
      this.#wait(waitMs(this.#faults, { policy: this.#options.backoff, random: Math.random() }));
    }
  }

  /** Makes one attempt. Returns the delay before the next one, or undefined if there is none. */
  async #send(message: Message): Promise<number | undefined> {
    const { url, secret, timeoutMs, retries } = this.webhook;
    const missed = this.#missed;
    const startMs = performance.now();
    const timeMs = Date.now();
    this.#inFlight = new AbortController();
    const headers = toHeaders(message, { secret, missed, userAgent: this.#options.userAgent, nowMs: timeMs });
    const outcome = await deliver({ url, headers, body: message.body, timeoutMs }, this.#inFlight);
    // Cut off because the webhook was deleted or the daemon stops: there is nothing to report.
    if (this.#isStopped()) return undefined;

    const number = message.attempts + 1;
    const waitsMs = outcome.kind === "failed" && number <= retries ? this.#waitAfter(outcome, number) : undefined;
    this.#remember({
      messageId: message.id,
      number,
      timeMs,
      durationMs: Math.round(performance.now() - startMs),
      ...(outcome.status !== undefined && { status: outcome.status }),
      ...(outcome.kind !== "delivered" && { error: outcome.error }),
      ...(waitsMs !== undefined && { nextTryAtMs: Date.now() + waitsMs }),
    });
    if (outcome.kind === "delivered") this.#settle(message, missed);
    if (outcome.kind === "failed") {
      this.#noteFailure(message, { number, error: outcome.error, isLast: waitsMs === undefined });
    }
    if (outcome.kind === "gone") this.#end();
    return waitsMs;
  }

  /** Stops after the receiver answered 410. */
  #end(): void {
    this.counts.failed += 1;
    this.stop();
    this.#options.onGone();
  }

  /** The message was delivered, and with it the number of events missed before. */
  #settle({ position }: Message, missed: number): void {
    this.#options.outbox.settle(this.webhook.id, position, missed);
    this.counts.delivered += 1;
    this.#queued -= 1;
    this.#missed -= missed;
    if (this.#queued < this.#options.limits.maxQueued / 2) this.#isFull = false;
  }

  #noteFailure({ id, position }: Message, failure: { number: number; error: string; isLast: boolean }): void {
    const { number, error, isLast } = failure;
    const { outbox } = this.#options;
    this.counts.failed += 1;
    if (!isLast) {
      outbox.countAttempt(this.webhook.id, position);
      if (number === 1) this.#warn(`cannot deliver event ${id}: ${error}; trying again`);
      return;
    }
    outbox.giveUp(this.webhook.id, position);
    this.counts.givenUp += 1;
    this.#queued -= 1;
    this.#missed += 1;
    this.#warn(`gave up event ${id} after ${number} ${number === 1 ? "attempt" : "attempts"}: ${error}`);
  }

  #waitAfter({ retryAfterMs }: Extract<Outcome, { kind: "failed" }>, failures: number): number {
    return waitMs(failures, {
      policy: this.#options.backoff,
      random: Math.random(),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }

  #wait(ms: number): void {
    this.#state = "waiting";
    this.#nextTryAtMs = Date.now() + ms;
    this.#timer = setTimeout(() => {
      this.#state = "idle";
      this.#nextTryAtMs = undefined;
      this.wake();
    }, ms);
  }

  #dropOldest(): void {
    const dropped = this.#options.outbox.dropSecond(this.webhook.id);
    this.#noteDropped(dropped);
    if (!this.#isFull) {
      this.#warn(
        `the queue is full (${this.#options.limits.maxQueued} events); dropping the oldest event for each new one`,
      );
    }
    this.#isFull = true;
  }

  /** Whether events were dropped because they had waited too long. */
  #dropAged({ createdMs }: Message): boolean {
    const { maxAgeMs } = this.#options.limits;
    const oldestMs = steadyNowMs() - maxAgeMs;
    if (createdMs >= oldestMs) return false;
    const dropped = this.#options.outbox.dropBefore(this.webhook.id, oldestMs);
    if (dropped === 0) return false;
    this.#noteDropped(dropped);
    this.#warn(`dropped events that waited more than ${maxAgeMs / 3_600_000} hours: ${dropped}`);
    return true;
  }

  #noteDropped(count: number): void {
    this.#queued -= count;
    this.#missed += count;
    this.counts.dropped += count;
  }

  #remember(attempt: Attempt): void {
    this.attempts.push(attempt);
    if (this.attempts.length > keptAttempts) this.attempts.shift();
  }

  /** A method, because TypeScript does not see that the state changes during an `await`. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  #warn(message: string): void {
    this.#options.log.warn(`webhook ${shownUrl(this.webhook.url)}: ${message}`);
  }
}
