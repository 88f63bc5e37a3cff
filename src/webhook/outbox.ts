import type { Database } from "bun:sqlite";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Store } from "../store/store.ts";
import { parseStoredWebhook } from "./stored-webhook.ts";
import type { Webhook } from "./webhook.ts";

/** An event on its way to one URL. */
export interface Message {
  /** The position in the queue of its webhook. It only grows and is never reused. */
  readonly position: number;
  /** The id of the event, the same for all URLs and all attempts. */
  readonly id: string;
  readonly body: string;
  /** Unix time when it was added, by the steady clock (`steadyNowMs`). */
  readonly createdMs: number;
  /** The number of failed attempts. */
  readonly attempts: number;
}

/** A webhook as the database has it. */
export interface StoredWebhook {
  readonly webhook: Webhook;
  /** Events lost since its last delivery. */
  readonly missed: number;
  /** Events in its queue. */
  readonly queued: number;
}

/** The store, as far as the outbox needs it. */
export type OutboxStore = Pick<Store, "path" | "open" | "write" | "transaction">;

interface WebhookRow {
  id: string;
  settings: string;
  missed: number;
  queued: number;
}

/**
 * Webhooks and their queues, on disk. Each call is one transaction of a few microseconds, complete when the call returns.
 * All methods but `close` throw the errors of SQLite.
 */
export class Outbox {
  readonly #store: OutboxStore;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #lastPosition: number;
  /** Messages up to this position were added by an earlier run of the daemon. */
  readonly #inheritedPosition: number;

  /** Uses `webhookTables`. The caller must `close` it before it closes the store. Throws the errors of `Store.open`. */
  constructor(store: OutboxStore) {
    this.#store = store;
    this.#statements = prepareStatements(store.open());
    this.#lastPosition = this.#statements.lastPosition.get()?.position ?? 0;
    this.#inheritedPosition = this.#lastPosition;
  }

  /** All webhooks, in the order in which they were first saved. Logs those whose settings are damaged, and leaves them out. */
  webhooks(log: Logger): StoredWebhook[] {
    return this.#statements.webhooks.all().flatMap(({ id, settings, missed, queued }) => {
      try {
        return [{ webhook: parseStoredWebhook(settings, id), missed, queued }];
      } catch (error) {
        const where = `webhook ${JSON.stringify(id)} in ${this.#store.path}`;
        log.error(`${where} is left out: ${messageOf(error)}; register it again`);
        return [];
      }
    });
  }

  /** Resolves when it survives a power failure. Rejects with the errors of SQLite and of the disk. */
  save(webhook: Webhook): Promise<void> {
    return this.#store.write(
      () => void this.#statements.save.run({ id: webhook.id, settings: JSON.stringify(webhook) }),
    );
  }

  /** Deletes a webhook and its queue. */
  forget(webhookId: string): void {
    this.#store.transaction(() => {
      this.#statements.forgetMessages.run({ webhook: webhookId });
      this.#statements.forget.run({ webhook: webhookId });
    });
  }

  add(webhookIds: readonly string[], message: Pick<Message, "id" | "body" | "createdMs">): void {
    const { id, body, createdMs } = message;
    this.#store.transaction(() => {
      for (const webhook of webhookIds) {
        this.#statements.add.run({ webhook, position: ++this.#lastPosition, id, body, createdMs });
      }
    });
  }

  /** The next message to send. */
  first(webhookId: string): Message | undefined {
    return this.#statements.first.get({ webhook: webhookId }) ?? undefined;
  }

  /** Counts a failed attempt. */
  countAttempt(webhookId: string, position: number): void {
    this.#store.transaction(() => this.#statements.countAttempt.run({ webhook: webhookId, position }));
  }

  /** Removes a delivered message. `missed` is the number of lost events that the delivery reported. */
  settle(webhookId: string, position: number, missed: number): void {
    this.#store.transaction(() => {
      this.#statements.remove.run({ webhook: webhookId, position });
      if (missed > 0) this.#statements.addMissed.run({ webhook: webhookId, count: -missed });
    });
  }

  /** Removes a message that will not be delivered, and counts it as missed. */
  giveUp(webhookId: string, position: number): void {
    this.#store.transaction(() => {
      this.#statements.remove.run({ webhook: webhookId, position });
      this.#statements.addMissed.run({ webhook: webhookId, count: 1 });
    });
  }

  /** Drops the second oldest message; the oldest may be in flight. Returns how many were dropped. */
  dropSecond(webhookId: string): number {
    return this.#drop(webhookId, () => this.#statements.dropSecond.run({ webhook: webhookId }).changes);
  }

  /**
   * Drops the messages that this run of the daemon added before this time, and returns how many. Messages of earlier
   * runs stay: the clock may have been set since, so their age is unknown.
   */
  dropBefore(webhookId: string, createdMs: number): number {
    const limits = { webhook: webhookId, createdMs, position: this.#inheritedPosition };
    return this.#drop(webhookId, () => this.#statements.dropBefore.run(limits).changes);
  }

  /** Releases the database. */
  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }

  #drop(webhook: string, remove: () => number): number {
    return this.#store.transaction(() => {
      const count = remove();
      if (count > 0) this.#statements.addMissed.run({ webhook, count });
      return count;
    });
  }
}

const columns = "position, id, body, created_ms AS createdMs, attempts";

function prepareStatements(database: Database) {
  type OfWebhook = { webhook: string };
  type OfMessage = OfWebhook & { position: number };
  return {
    lastPosition: database.prepare<{ position: number | null }, []>("SELECT max(position) AS position FROM message"),
    webhooks: database.prepare<WebhookRow, []>(
      "SELECT id, settings, missed, (SELECT count(*) FROM message WHERE message.webhook = webhook.id) AS queued FROM webhook ORDER BY rowid",
    ),
    save: database.prepare<unknown, { id: string; settings: string }>(
      "INSERT INTO webhook (id, settings) VALUES ($id, $settings) ON CONFLICT (id) DO UPDATE SET settings = excluded.settings",
    ),
    forget: database.prepare<unknown, OfWebhook>("DELETE FROM webhook WHERE id = $webhook"),
    forgetMessages: database.prepare<unknown, OfWebhook>("DELETE FROM message WHERE webhook = $webhook"),
    add: database.prepare<unknown, OfMessage & { id: string; body: string; createdMs: number }>(
      "INSERT INTO message (webhook, position, id, body, created_ms) VALUES ($webhook, $position, $id, $body, $createdMs)",
    ),
    first: database.prepare<Message, OfWebhook>(
      `SELECT ${columns} FROM message WHERE webhook = $webhook ORDER BY position LIMIT 1`,
    ),
    countAttempt: database.prepare<unknown, OfMessage>(
      "UPDATE message SET attempts = attempts + 1 WHERE webhook = $webhook AND position = $position",
    ),
    remove: database.prepare<unknown, OfMessage>(
      "DELETE FROM message WHERE webhook = $webhook AND position = $position",
    ),
    addMissed: database.prepare<unknown, OfWebhook & { count: number }>(
      "UPDATE webhook SET missed = max(0, missed + $count) WHERE id = $webhook",
    ),
    dropSecond: database.prepare<unknown, OfWebhook>(
      "DELETE FROM message WHERE webhook = $webhook AND position = (SELECT position FROM message WHERE webhook = $webhook ORDER BY position LIMIT 1 OFFSET 1)",
    ),
    dropBefore: database.prepare<unknown, OfMessage & { createdMs: number }>(
      "DELETE FROM message WHERE webhook = $webhook AND position > $position AND created_ms < $createdMs",
    ),
  };
}
