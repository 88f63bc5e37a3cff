import type { StoreTables } from "../store/tables.ts";

/** The webhooks and their queues. */
export const webhookTables: StoreTables = {
  owner: "webhooks",
  migrations: [
    [
      "CREATE TABLE webhook (id TEXT PRIMARY KEY, settings TEXT NOT NULL, missed INTEGER NOT NULL DEFAULT 0) STRICT",
      "CREATE TABLE message (webhook TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (webhook, position)) STRICT, WITHOUT ROWID",
    ],
  ],
};
