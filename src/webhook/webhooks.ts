import { existsSync } from "node:fs";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import { defaultWebhookBackoff, type WebhookBackoff } from "./backoff.ts";
import type { Store } from "../store/store.ts";
import { oldOutboxPath } from "./take-over.ts";
import type { Limits, Sender } from "./sender.ts";
import { Senders } from "./senders.ts";
import { type FileWebhooks, groupByUrl, mergeRequest, type WebhookRequest, withoutSecret } from "./webhook.ts";

export interface WebhooksOptions {
  readonly bus: EventBus;
  readonly log: Logger;
  /** The version of gafferd. */
  readonly version: string;
  /** Keeps the webhooks and their queues. It is opened for the first webhook, if it is not open yet. */
  readonly store: Store;
  readonly settings: FileWebhooks;
  readonly backoff?: WebhookBackoff;
  readonly limits?: Limits;
}

const defaultLimits: Limits = { maxQueued: 10_000, maxAgeMs: 24 * 60 * 60 * 1000 };
/** Bun runs at most 256 requests at the same time. */
const maxWebhooks = 200;

/**
 * Sends events to URLs. Each event is written to the outbox on disk before it is published, and sent from there. Create it
 * with `startWebhooks`; the caller must `stop` it.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #senders: Senders;
  #settings: FileWebhooks;
  /** Changes run one after the other: a new file and a request may concern the same URL. */
  #changes: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(options: WebhooksOptions) {
    const { bus, log, version, store, backoff = defaultWebhookBackoff, limits = defaultLimits } = options;
    this.#options = options;
    this.#settings = options.settings;
    this.#senders = new Senders({
      bus,
      log,
      version,
      store,
      backoff,
      limits,
      onGone: (id) => {
        // Fails while gafferd stops; the next start gets the 410 again.
        this.#change(async () => this.#senders.leave(id, "answered 410 and is unregistered")).catch(() => {});
      },
    });
  }

  /** All senders, in the order of registration. */
  list(): Sender[] {
    return this.#senders.list();
  }

  /** Throws `not_found`. */
  get(id: string): Sender {
    const sender = this.#senders.get(id);
    if (sender === undefined) {
      throw new GafferdError("not_found", `there is no webhook \`${id}\`; GET /webhooks lists all`);
    }
    return sender;
  }

  /**
   * Registers a pattern for a URL; other settings in the request replace those of the URL. Resolves to the id of the
   * webhook when it is on disk. Throws `bad_value`, and `conflict` for a URL of the configuration file.
   */
  async register(request: WebhookRequest): Promise<string> {
    return await this.#change(async () => {
      const { timeoutMs, retries } = this.#settings;
      const wanted = mergeRequest(request, undefined, { timeoutMs, retries });
      const present = this.#senders.get(wanted.id)?.webhook;
      if (present?.source === "file") {
        throw new GafferdError("conflict", "this URL is in the configuration file; change it in [webhooks]", {
          field: "url",
        });
      }
      if (present === undefined && this.#senders.size >= maxWebhooks) {
        throw new GafferdError("conflict", `there are ${maxWebhooks} webhooks already; delete some`);
      }
      const webhook = mergeRequest(request, present, { timeoutMs, retries });
      await this.#senders.save(webhook);
      return webhook.id;
    });
  }

  /**
   * Deletes one pattern of a webhook, or all of them. With the last pattern, the queue is dropped. A webhook of the
   * configuration file returns at the next start. Throws `not_found`.
   */
  async unregister(id: string, pattern?: string): Promise<void> {
    await this.#change(async () => {
      const { webhook } = this.get(id);
      const patterns = pattern === undefined ? [] : webhook.patterns.filter((each) => each !== pattern);
      if (pattern !== undefined && patterns.length === webhook.patterns.length) {
        throw new GafferdError(
          "not_found",
          `this webhook has no pattern \`${pattern}\`; it has ${webhook.patterns.join(", ")}`,
        );
      }
      if (patterns.length === 0) return this.#senders.leave(id, "was deleted");
      await this.#senders.save({ ...webhook, patterns });
    });
  }

  /** Restores all webhooks and starts sending. Throws a GafferdError if the file has webhooks and the outbox cannot be used. */
  async start(): Promise<void> {
    const { store, log } = this.#options;
    const ofFile = groupByUrl(this.#settings);
    if (ofFile.length === 0 && !store.exists && !existsSync(oldOutboxPath(store.path))) return;
    try {
      this.#senders.open();
    } catch (error) {
      if (ofFile.length > 0 || !(error instanceof GafferdError)) throw error;
      // Another daemon may use the folder as long as this one has no webhooks.
      if (error.code !== "conflict")
        log.error(`${error.message}; webhooks registered over HTTP get no events until then`);
      return;
    }
    await this.#senders.restore(ofFile);
  }

  /** Throws the error that opening the outbox for these settings would throw. Changes no webhook. */
  async check(settings: FileWebhooks): Promise<void> {
    await this.#change(async () => {
      if (settings.hooks.length > 0) this.#senders.open();
    });
  }

  /**
   * Applies the settings of a file that was read again. URLs that are still there keep their queues. Throws the errors of
   * `Store.open`.
   */
  async reconfigure(settings: FileWebhooks): Promise<void> {
    await this.#change(async () => {
      const ofFile = groupByUrl(settings);
      for (const webhook of ofFile) {
        await this.#senders.save(withoutSecret(webhook), webhook);
      }
      this.#settings = settings;
      const left = this.list().filter(({ webhook: { id, source } }) => {
        return source === "file" && ofFile.every((each) => each.id !== id);
      });
      for (const { webhook } of left) this.#senders.leave(webhook.id, "no longer in the configuration file");
    });
  }

  /**
   * Delivers what it can within this time, then stops. The rest is kept for the next start. Call it after the last event
   * was published.
   */
  async stop({ flushMs }: { readonly flushMs: number }): Promise<void> {
    await this.#change(async () => {
      this.#isStopped = true;
      const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, flushMs);
      await Promise.race([Promise.all(this.list().map((sender) => sender.settled())), timeIsUp]);
      clearTimeout(timer);
      this.#senders.close();
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
}

/** Throws a GafferdError that says what to do when the outbox cannot be used. */
export async function startWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const webhooks = new Webhooks(options);
  await webhooks.start();
  return webhooks;
}
