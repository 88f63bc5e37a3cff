import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { webhookIdOf } from "../../src/webhook/webhook.ts";
import { receive } from "./receiver.ts";
import { send } from "./sending.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with the database of gafferd 0.1: one webhook with a queue of two events. */
function createOldOutbox(url: string): { stateDir: string; path: string; database: Database } {
  const stateDir = mkdtempSync(join(tmpdir(), "gafferd-old-"));
  folders.push(stateDir);
  const path = join(stateDir, "webhooks.sqlite");
  const database = new Database(path, { create: true, strict: true });
  database.run("PRAGMA journal_mode = WAL");
  database.run(
    "CREATE TABLE webhook (id TEXT PRIMARY KEY, settings TEXT NOT NULL, missed INTEGER NOT NULL DEFAULT 0) STRICT",
  );
  database.run(
    "CREATE TABLE message (webhook TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (webhook, position)) STRICT, WITHOUT ROWID",
  );
  database.run("PRAGMA user_version = 1");
  const id = webhookIdOf(url);
  const settings = { id, url, patterns: ["create"], timeoutMs: 1000, retries: 3, source: "api" };
  database.run("INSERT INTO webhook VALUES (?, ?, 4)", [id, JSON.stringify(settings)]);
  for (const at of [1, 2]) {
    const body = JSON.stringify({ event: "create", name: `old-${at}`, seq: at });
    database.run("INSERT INTO message VALUES (?, ?, ?, ?, 1, 0)", [id, at, `e1-${at}`, body]);
  }
  return { stateDir, path, database };
}

test("the webhooks and queues of an older gafferd are taken over, and its database is deleted", async () => {
  await using receiver = receive();
  const { stateDir, path, database } = createOldOutbox(receiver.url);
  database.close();
  await using sending = await send({ stateDir });
  expect(sending.logged).toEqual([`info took over ${path}: 1 webhook`]);
  sending.publish("new");
  await waitFor(() => receiver.accepted.length === 3, "all events");
  expect(receiver.accepted.map(({ body }) => body.name)).toEqual(["old-1", "old-2", "new"]);
  expect(receiver.accepted[0]?.headers.get("x-gaffer-gap")).toBe("4");
  expect(readdirSync(stateDir).filter((name) => name.startsWith("webhooks"))).toEqual([]);
});

test("an older database beside a store is added to it: an older gafferd ran in between", async () => {
  const { stateDir, database } = createOldOutbox("http://127.0.0.1:1/old");
  database.close();
  {
    await using sending = await send({ stateDir });
    expect(sending.webhooks.list()).toHaveLength(1);
  }
  const { path: other, database: again } = createOldOutbox("http://127.0.0.1:1/other");
  again.run("PRAGMA wal_checkpoint(TRUNCATE)");
  again.close();
  await Bun.write(join(stateDir, "webhooks.sqlite"), Bun.file(other));
  await using sending = await send({ stateDir });
  expect(sending.webhooks.list().map(({ webhook, queued }) => [webhook.url, queued])).toEqual([
    ["http://127.0.0.1:1/old", 2],
    ["http://127.0.0.1:1/other", 2],
  ]);
});

test("a damaged older database is renamed and named in the log, and the daemon starts without it", async () => {
  const { stateDir, path, database } = createOldOutbox("http://127.0.0.1:1/");
  database.close();
  writeFileSync(path, "x".repeat(5000));
  await using sending = await send({ stateDir });
  expect(sending.webhooks.list()).toEqual([]);
  expect(sending.logged.join()).toContain(`error the webhook database ${path} is damaged`);
  expect(readdirSync(stateDir).some((name) => name.startsWith("webhooks.sqlite.damaged-"))).toBe(true);
});

test("an older database that an older gafferd still uses is left alone", async () => {
  const { stateDir, path, database } = createOldOutbox("http://127.0.0.1:1/");
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("UPDATE webhook SET missed = 0");
  await expect(send({ stateDir, hooks: { ".": ["http://127.0.0.1:1/"] } })).rejects.toThrow(
    `cannot take over ${path}: another gafferd uses it; stop that one first`,
  );
  database.close();
});
