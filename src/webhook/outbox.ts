import type { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import type { Logger } from "../log.ts";
import { databasePath, filesOf, openDatabase } from "./open-database.ts";
import type { Webhook } from "./webhook.ts";

/** An event on its way to one URL. */
export interface Message {
  /** Of its webhook's queue; grows, and is never used twice. */
  readonly position: number;
  /** Of the event; the same for all URLs and all attempts. */
  readonly id: string;
  readonly body: string;
  /** Unix time when it was added, by a clock that nobody sets (`steadyNowMs`). */
  readonly createdMs: number;
  /** Those that failed. */
  readonly attempts: number;
}

/** What was kept of a webhook. */
export interface StoredWebhook {
  readonly webhook: Webhook;
  /** Events that it lost since its last delivery. */
  readonly missed: number;
  /** Events that wait for it. */
  readonly queued: number;
}

interface WebhookRow {
  settings: string;
  missed: number;
  queued: number;
}

/**
 * Webhooks and what waits for each, on disk. Every call is done when it returns: each is a transaction of its own, and
 * a few microseconds long. All but `close` throw what SQLite throws.
 */
export class Outbox {
  readonly #database: Database;
  readonly #stateDir: string;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #addToAll: (webhookIds: readonly string[], message: Pick<Message, "id" | "body" | "createdMs">) => void;
  #lastPosition: number;
  /** Messages up to here were added by an earlier run of the daemon. */
  readonly #inheritedPosition: number;

  private constructor(database: Database, stateDir: string) {
    this.#database = database;
    this.#stateDir = stateDir;
    this.#statements = prepareStatements(database);
    this.#lastPosition = this.#statements.lastPosition.get()?.position ?? 0;
    this.#inheritedPosition = this.#lastPosition;
    this.#addToAll = database.transaction((webhookIds, { id, body, createdMs }) => {
      for (const webhook of webhookIds) {
        this.#statements.add.run({ webhook, position: ++this.#lastPosition, id, body, createdMs });
      }
    });
  }

  /** Throws a GafferdError that says what to do. */
  static async open(stateDir: string, log: Logger): Promise<Outbox> {
    return new Outbox(await openDatabase(stateDir, log), stateDir);
  }

  /** In the order in which they were first saved. */
  webhooks(): StoredWebhook[] {
    return this.#statements.webhooks
      .all()
      .map(({ settings, missed, queued }) => ({ webhook: JSON.parse(settings) as Webhook, missed, queued }));
  }

  save(webhook: Webhook): void {
    this.#statements.save.run({ id: webhook.id, settings: JSON.stringify(webhook) });
  }

  /** With all that waits for it. */
  forget(webhookId: string): void {
    this.#database.transaction(() => {
      this.#statements.forgetMessages.run({ webhook: webhookId });
      this.#statements.forget.run({ webhook: webhookId });
    })();
  }

  add(webhookIds: readonly string[], message: Pick<Message, "id" | "body" | "createdMs">): void {
    this.#addToAll(webhookIds, message);
  }

  /** What is to be sent next. */
  first(webhookId: string): Message | undefined {
    return this.#statements.first.get({ webhook: webhookId }) ?? undefined;
  }

  /** Remembers that an attempt failed. */
  countAttempt(webhookId: string, position: number): void {
    this.#statements.countAttempt.run({ webhook: webhookId, position });
  }

  /** It was delivered: what was missed before it has been told. */
  settle(webhookId: string, position: number, missed: number): void {
    this.#database.transaction(() => {
      this.#statements.remove.run({ webhook: webhookId, position });
      if (missed > 0) this.#statements.addMissed.run({ webhook: webhookId, count: -missed });
    })();
  }

  /** It will not be delivered. */
  giveUp(webhookId: string, position: number): void {
    this.#database.transaction(() => {
      this.#statements.remove.run({ webhook: webhookId, position });
      this.#statements.addMissed.run({ webhook: webhookId, count: 1 });
    })();
  }

  /** Drops the oldest but for the very first, which may be on its way. */
  dropSecond(webhookId: string): number {
    return this.#drop(webhookId, () => this.#statements.dropSecond.run({ webhook: webhookId }).changes);
  }

  /**
   * Drops what this run of the daemon added before this time; returns how many. How long earlier ones waited, no clock
   * can tell: somebody may have set it.
   */
  dropBefore(webhookId: string, createdMs: number): number {
    const limits = { webhook: webhookId, createdMs, position: this.#inheritedPosition };
    return this.#drop(webhookId, () => this.#statements.dropBefore.run(limits).changes);
  }

  /** Takes the files away too, unless there is something to keep. */
  close({ keep }: { keep: boolean }): void {
    // One that is left keeps the file locked.
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
    const path = databasePath(this.#stateDir);
    if (!keep) for (const file of filesOf(path)) rmSync(file, { force: true });
  }

  #drop(webhook: string, remove: () => number): number {
    return this.#database.transaction(() => {
      const count = remove();
      if (count > 0) this.#statements.addMissed.run({ webhook, count });
      return count;
    })();
  }
}

const columns = "position, id, body, created_ms AS createdMs, attempts";

function prepareStatements(database: Database) {
  type OfWebhook = { webhook: string };
  type OfMessage = OfWebhook & { position: number };
  return {
    lastPosition: database.prepare<{ position: number | null }, []>("SELECT max(position) AS position FROM message"),
    webhooks: database.prepare<WebhookRow, []>(
      "SELECT settings, missed, (SELECT count(*) FROM message WHERE message.webhook = webhook.id) AS queued FROM webhook ORDER BY rowid",
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
