import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { toEventDocument } from "../documents/event-document.ts";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { GafferdEvent } from "../events/event.ts";
import { type EventPattern, matches, parsePattern } from "../events/pattern.ts";
import type { Logger } from "../log.ts";
import { type BackoffPolicy, defaultBackoff } from "./backoff.ts";
import { databasePath } from "./open-database.ts";
import { Outbox, type StoredWebhook } from "./outbox.ts";
import { type Limits, Sender } from "./sender.ts";
import {
  type FileWebhooks,
  groupByUrl,
  mergeRequest,
  shownUrl,
  type Webhook,
  type WebhookRequest,
  withoutSecret,
} from "./webhook.ts";

export interface WebhooksOptions {
  readonly bus: EventBus;
  readonly log: Logger;
  /** Of gafferd. */
  readonly version: string;
  /** Where what waits is kept; nothing is made there before there is a webhook. */
  readonly stateDir: string;
  readonly settings: FileWebhooks;
  readonly backoff?: BackoffPolicy;
  readonly limits?: Limits;
}

const defaultLimits: Limits = { maxQueued: 10_000, maxAgeMs: 24 * 60 * 60 * 1000 };
/** More would be in each other's way: Bun has 256 requests under way at once. */
const maxWebhooks = 200;

interface Entry {
  readonly sender: Sender;
  patterns: readonly EventPattern[];
}

/**
 * Tells URLs of events. Each event is in the outbox, on disk, before anybody hears of it; from there each URL gets it in
 * its turn. Create it with `startWebhooks`; who does must `stop` it.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #limits: Limits;
  #settings: FileWebhooks;
  /** Tells the events of this run from those of an earlier one, which had the same sequences. */
  readonly #run = `e${BigInt(`0x${randomBytes(8).toString("hex")}`).toString(36)}`;
  readonly #entries = new Map<string, Entry>();
  #outbox: Outbox | undefined;
  /** One change of what is registered at a time: the first opens the outbox, the last closes it. */
  #changes: Promise<unknown> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;
  #isFailing = false;
  #isStopped = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
    this.#settings = options.settings;
  }

  /** In the order of registration. */
  list(): Sender[] {
    return [...this.#entries.values()].map(({ sender }) => sender);
  }

  /** Throws `not_found`. */
  get(id: string): Sender {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new GafferdError("not_found", `there is no webhook \`${id}\`; GET /webhooks has all`);
    return entry.sender;
  }

  /**
   * Registers a pattern for a URL; what is given besides holds for the URL from now on. Resolves to the webhook's id when
   * it is on disk. Throws `bad_value`, and `conflict` for a URL of the file.
   */
  async register(request: WebhookRequest): Promise<string> {
    return await this.#change(async () => {
      const { timeoutMs, retries } = this.#settings;
      const wanted = mergeRequest(request, undefined, { timeoutMs, retries });
      const present = this.#entries.get(wanted.id);
      if (present?.sender.webhook.source === "file") {
        throw new GafferdError("conflict", "the configuration file has this URL: change its [webhooks]", {
          field: "url",
        });
      }
      if (present === undefined && this.#entries.size >= maxWebhooks) {
        throw new GafferdError("conflict", `there are ${maxWebhooks} webhooks already: take some back`);
      }
      const webhook = mergeRequest(request, present?.sender.webhook, { timeoutMs, retries });
      await this.#save(webhook);
      if (present === undefined) this.#enter({ webhook, missed: 0, queued: 0 });
      else this.#replace(present, webhook);
      return webhook.id;
    });
  }

  /**
   * Takes back one pattern of a webhook, or all: with the last, what waits for it is dropped. One of the file is back at
   * the next start. Throws `not_found`.
   */
  async unregister(id: string, pattern?: string): Promise<void> {
    await this.#change(async () => {
      const { webhook } = this.get(id);
      const patterns = pattern === undefined ? [] : webhook.patterns.filter((each) => each !== pattern);
      if (pattern !== undefined && patterns.length === webhook.patterns.length) {
        throw new GafferdError("not_found", `this webhook has no \`${pattern}\`, only ${webhook.patterns.join(", ")}`);
      }
      if (patterns.length === 0) return this.#leave(id, "was taken back");
      await this.#save({ ...webhook, patterns });
      const entry = this.#entries.get(id);
      if (entry !== undefined) this.#replace(entry, { ...webhook, patterns });
    });
  }

  /** Reads what was kept, and begins to send. Throws a GafferdError when the outbox that the file needs cannot be used. */
  async start(): Promise<void> {
    const { stateDir, log } = this.#options;
    const ofFile = groupByUrl(this.#settings);
    if (ofFile.length === 0 && !existsSync(databasePath(stateDir))) return;
    try {
      this.#outbox = await Outbox.open(stateDir);
    } catch (error) {
      // Two daemons with one folder are fine as long as at most one of them has webhooks.
      if (ofFile.length > 0 || !(error instanceof GafferdError && error.code === "conflict")) throw error;
      log.debug(`${error.message}: this one has no webhooks`);
      return;
    }
    const stored = new Map(this.#outbox.webhooks().map((each) => [each.webhook.id, each]));
    for (const { webhook, queued } of stored.values()) {
      if (webhook.source === "api" || ofFile.some(({ id }) => id === webhook.id)) continue;
      log.warn(`webhook ${shownUrl(webhook.url)}: is no longer in the file; events dropped: ${queued}`);
      this.#outbox.forget(webhook.id);
      stored.delete(webhook.id);
    }
    for (const webhook of ofFile) {
      this.#outbox.save(withoutSecret(webhook));
      stored.set(webhook.id, { missed: 0, queued: 0, ...stored.get(webhook.id), webhook });
    }
    for (const each of stored.values()) this.#enter(each).sender.wake();
    if (stored.size === 0) this.#closeOutbox();
  }

  /** Throws what opening an outbox for these would throw, and changes nothing. */
  async check(settings: FileWebhooks): Promise<void> {
    await this.#change(async () => {
      if (this.#outbox !== undefined || settings.hooks.length === 0) return;
      const { stateDir } = this.#options;
      const isThere = existsSync(databasePath(stateDir));
      (await Outbox.open(stateDir)).close({ keep: isThere });
    });
  }

  /**
   * Takes on what the file says now; what waits for a URL that is still there goes on waiting. Throws what opening the
   * outbox throws.
   */
  async reconfigure(settings: FileWebhooks): Promise<void> {
    await this.#change(async () => {
      const ofFile = groupByUrl(settings);
      for (const webhook of ofFile) {
        await this.#save(withoutSecret(webhook));
        const present = this.#entries.get(webhook.id);
        if (present === undefined) this.#enter({ webhook, missed: 0, queued: 0 });
        else this.#replace(present, webhook);
      }
      this.#settings = settings;
      const left = this.list().filter(({ webhook: { id, source } }) => {
        return source === "file" && ofFile.every((each) => each.id !== id);
      });
      for (const { webhook } of left) this.#leave(webhook.id, "is no longer in the file");
    });
  }

  /**
   * Delivers what can be delivered in this time, then stops; the rest is kept for the next start. No event may be
   * published any more.
   */
  async stop({ flushMs }: { readonly flushMs: number }): Promise<void> {
    await this.#change(async () => {
      this.#isStopped = true;
      const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, flushMs);
      await Promise.race([Promise.all(this.list().map((sender) => sender.settled())), timeIsUp]);
      clearTimeout(timer);
      for (const sender of this.list()) sender.stop();
      this.#closeOutbox();
    });
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changes.then(() => {
      if (this.#isStopped) throw new GafferdError("overloaded", "gafferd is stopping and takes no new work");
      return change();
    });
    this.#changes = changed.catch(() => {});
    return changed;
  }

  async #save(webhook: Webhook): Promise<void> {
    this.#outbox ??= await Outbox.open(this.#options.stateDir);
    try {
      this.#outbox.save(webhook);
    } catch (cause) {
      throw new GafferdError("overloaded", `cannot keep the webhook: ${String(cause)}`, { cause });
    }
  }

  #enter({ webhook, missed, queued }: StoredWebhook): Entry {
    // Whoever saved it has opened it.
    const outbox = this.#outbox!;
    const { log, version, backoff = defaultBackoff } = this.#options;
    const sender = new Sender(webhook, {
      outbox,
      missed,
      queued,
      userAgent: `gafferd/${version}`,
      log,
      backoff,
      limits: this.#limits,
      onGone: () => {
        // While gafferd stops it is too late: the next start hears it again.
        this.#change(async () => this.#leave(webhook.id, "answered 410 and is unregistered")).catch(() => {});
      },
    });
    const entry = { sender, patterns: toPatterns(webhook) };
    this.#entries.set(webhook.id, entry);
    this.#unsubscribe ??= this.#options.bus.before((event) => this.#take(event));
    return entry;
  }

  #replace(entry: Entry, webhook: Webhook): void {
    entry.sender.webhook = webhook;
    entry.patterns = toPatterns(webhook);
  }

  #leave(id: string, reason: string): void {
    const { sender } = this.#entries.get(id) ?? {};
    if (sender === undefined) return;
    sender.stop();
    this.#entries.delete(id);
    this.#options.log.info(`webhook ${shownUrl(sender.webhook.url)}: ${reason}; events dropped: ${sender.queued}`);
    this.#outbox?.forget(id);
    if (this.#entries.size === 0) this.#closeOutbox();
  }

  #closeOutbox(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#outbox?.close({ keep: this.#entries.size > 0 });
    this.#outbox = undefined;
  }

  /** Puts an event into the outbox. It must not keep the daemon from going on, even if the disk is full. */
  #take(event: GafferdEvent): void {
    const senders = [...this.#entries.values()]
      .filter(({ patterns }) => patterns.some((pattern) => matches(pattern, event)))
      .map(({ sender }) => sender);
    if (senders.length === 0) return;
    const id = `${this.#run}-${event.sequence.toString(36)}`;
    const body = JSON.stringify({ id, ...toEventDocument(event) });
    const ids = senders.map(({ webhook }) => webhook.id);
    try {
      this.#outbox?.add(ids, { id, body, createdMs: event.timeMs });
      for (const sender of senders) sender.noteAdded();
      if (this.#isFailing) this.#options.log.warn("webhooks: events are kept again");
      this.#isFailing = false;
    } catch (error) {
      for (const sender of senders) sender.noteLost();
      if (!this.#isFailing) this.#options.log.error("webhooks: cannot keep events; they are lost to webhooks", error);
      this.#isFailing = true;
    }
  }
}

/** Throws a GafferdError that says what to do when the outbox cannot be used. */
export async function startWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const webhooks = new Webhooks(options);
  await webhooks.start();
  return webhooks;
}

function toPatterns({ patterns }: Webhook): EventPattern[] {
  return patterns.map((pattern) => parsePattern([pattern]));
}
