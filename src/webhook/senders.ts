import { randomBytes } from "node:crypto";
import { toEventDocument } from "../documents/event-document.ts";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { GafferdEvent } from "../events/event.ts";
import { type EventPattern, matches, parsePattern } from "../events/pattern.ts";
import type { Logger } from "../log.ts";
import { steadyNowMs } from "../moment.ts";
import type { WebhookBackoff } from "./backoff.ts";
import { Outbox, type StoredWebhook } from "./outbox.ts";
import { type Limits, Sender } from "./sender.ts";
import type { Store } from "../store/store.ts";
import { takeOverOutbox } from "./take-over.ts";
import { shownUrl, type Webhook, withoutSecret } from "./webhook.ts";

export interface SendersOptions {
  readonly bus: EventBus;
  readonly log: Logger;
  /** The version of gafferd. */
  readonly version: string;
  readonly store: Store;
  readonly backoff: WebhookBackoff;
  readonly limits: Limits;
  /** Called when the URL of a webhook answered 410: it wants no more events. */
  readonly onGone: (id: string) => void;
}

interface Entry {
  readonly sender: Sender;
  patterns: readonly EventPattern[];
}

/**
 * The sender of each webhook, and their outbox. An event that matches a webhook is written to the outbox before any other
 * subscriber sees it.
 */
export class Senders {
  readonly #options: SendersOptions;
  /** Part of the id of every delivery, because each run of the daemon numbers its events from 1. */
  readonly #run = `e${BigInt(`0x${randomBytes(8).toString("hex")}`).toString(36)}`;
  readonly #entries = new Map<string, Entry>();
  #outbox: Outbox | undefined;
  #unsubscribe: (() => void) | undefined;
  #isFailing = false;

  constructor(options: SendersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** In the order of registration. */
  list(): Sender[] {
    return [...this.#entries.values()].map(({ sender }) => sender);
  }

  get(id: string): Sender | undefined {
    return this.#entries.get(id)?.sender;
  }

  /** Opens the outbox. Throws the errors of `Store.open` and `takeOverOutbox`. */
  open(): Outbox {
    if (this.#outbox !== undefined) return this.#outbox;
    const { store, log } = this.#options;
    store.open();
    takeOverOutbox(store, log);
    return (this.#outbox = new Outbox(store));
  }

  /**
   * Restores the webhooks registered over HTTP and those of the configuration file, each with its queue, and starts
   * sending. Webhooks that are no longer in the file are dropped. The outbox must be open.
   */
  async restore(ofFile: readonly Webhook[]): Promise<void> {
    const outbox = this.#outbox!;
    const stored = new Map(outbox.webhooks(this.#options.log).map((each) => [each.webhook.id, each]));
    for (const { webhook, queued } of stored.values()) {
      if (webhook.source === "api" || ofFile.some(({ id }) => id === webhook.id)) continue;
      this.#options.log.warn(
        `webhook ${shownUrl(webhook.url)}: no longer in the configuration file; events dropped: ${queued}`,
      );
      outbox.forget(webhook.id);
      stored.delete(webhook.id);
    }
    await Promise.all(ofFile.map((webhook) => outbox.save(withoutSecret(webhook))));
    for (const webhook of ofFile) {
      stored.set(webhook.id, { missed: 0, queued: 0, ...stored.get(webhook.id), webhook });
    }
    for (const each of stored.values()) this.#enter(each).sender.wake();
  }

  /**
   * Writes a webhook to the outbox, opening it if needed, and uses it from now on, in place of the one with the same id.
   * `live` is the webhook to use if it contains something that must not be written (a secret). Resolves when it survives a
   * power failure. Throws `overloaded` if it cannot be written.
   */
  async save(webhook: Webhook, live = webhook): Promise<void> {
    const outbox = this.open();
    try {
      await outbox.save(webhook);
    } catch (cause) {
      throw new GafferdError("overloaded", `cannot save the webhook: ${String(cause)}`, { cause });
    }
    const entry = this.#entries.get(webhook.id);
    if (entry === undefined) {
      this.#enter({ webhook: live, missed: 0, queued: 0 });
    } else {
      entry.sender.webhook = live;
      entry.patterns = toPatterns(live);
    }
  }

  /** Stops sending to a webhook and drops its queue. */
  leave(id: string, reason: string): void {
    const sender = this.get(id);
    if (sender === undefined) return;
    sender.stop();
    this.#entries.delete(id);
    this.#options.log.info(`webhook ${shownUrl(sender.webhook.url)}: ${reason}; events dropped: ${sender.queued}`);
    this.#outbox?.forget(id);
    if (this.#entries.size === 0) this.#unsubscribeAll();
  }

  /** Stops all senders. Their queues are kept for the next start. */
  close(): void {
    for (const sender of this.list()) sender.stop();
    this.#unsubscribeAll();
    this.#outbox?.close();
    this.#outbox = undefined;
  }

  #enter({ webhook, missed, queued }: StoredWebhook): Entry {
    // Open, because the webhook was saved in it.
    const outbox = this.#outbox!;
    const { bus, log, version, backoff, limits, onGone } = this.#options;
    const sender = new Sender(webhook, {
      outbox,
      missed,
      queued,
      userAgent: `gafferd/${version}`,
      log,
      backoff,
      limits,
      onGone: () => onGone(webhook.id),
    });
    const entry = { sender, patterns: toPatterns(webhook) };
    this.#entries.set(webhook.id, entry);
    this.#unsubscribe ??= bus.before((event) => this.#take(event));
    return entry;
  }

  #unsubscribeAll(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** Writes an event to the outbox. It must not stop the daemon, even if the disk is full. */
  #take(event: GafferdEvent): void {
    const senders = [...this.#entries.values()]
      .filter(({ patterns }) => patterns.some((pattern) => matches(pattern, event)))
      .map(({ sender }) => sender);
    if (senders.length === 0) return;
    const id = `${this.#run}-${event.sequence.toString(36)}`;
    const body = JSON.stringify({ id, ...toEventDocument(event) });
    const ids = senders.map(({ webhook }) => webhook.id);
    try {
      this.#outbox?.add(ids, { id, body, createdMs: steadyNowMs() });
      for (const sender of senders) sender.noteAdded();
      if (this.#isFailing) this.#options.log.warn("webhooks: events are saved again");
      this.#isFailing = false;
    } catch (error) {
      for (const sender of senders) sender.noteLost();
      if (!this.#isFailing) this.#options.log.error("webhooks: cannot save events; they are not delivered", error);
      this.#isFailing = true;
    }
  }
}

function toPatterns({ patterns }: Webhook): EventPattern[] {
  return patterns.map((pattern) => parsePattern([pattern]));
}
