import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import { filesOf, isDamage, setAside } from "../store/open-database.ts";
import type { Store } from "../store/store.ts";

/** The database that gafferd 0.1 kept webhooks in. */
export function oldOutboxPath(storePath: string): string {
  return join(dirname(storePath), "webhooks.sqlite");
}

/** The store, as far as this needs it. It must be open. */
type TakingStore = Pick<Store, "path" | "open" | "transaction">;

/**
 * Copies the webhooks and queues of an older gafferd into the store, and deletes its database. A damaged one is renamed and
 * reported in the log. A kill between both delivers some events twice, with the same ids. Throws `conflict` if another
 * daemon uses it, `overloaded` if it cannot be read.
 */
export function takeOverOutbox(store: TakingStore, log: Logger): void {
  const path = oldOutboxPath(store.path);
  if (!existsSync(path)) return;
  try {
    const count = copy(store, path);
    log.info(`took over ${path}: ${count} ${count === 1 ? "webhook" : "webhooks"}`);
  } catch (error) {
    if (!isDamage(error)) throw toTakeOverError(error, path);
    const aside = setAside(path);
    log.error(
      `the webhook database ${path} is damaged, and what waited in it is lost; it was renamed to ${aside}`,
      error,
    );
    return;
  }
  for (const file of filesOf(path)) rmSync(file, { force: true });
}

/** Returns the number of webhooks. */
function copy(store: TakingStore, path: string): number {
  const database = store.open();
  database.run("ATTACH ? AS old", [path]);
  try {
    using check = database.prepare<{ integrity_check: string }, []>("PRAGMA old.integrity_check(1)");
    const [problem] = check.all();
    if (problem?.integrity_check !== "ok") {
      throw Object.assign(new Error(problem?.integrity_check), { code: "SQLITE_CORRUPT" });
    }
    return store.transaction(() => {
      using last = database.prepare<{ position: number }, []>(
        "SELECT ifnull(max(position), 0) AS position FROM message",
      );
      const position = last.get()?.position ?? 0;
      const { changes } = database.run(
        "INSERT OR IGNORE INTO webhook (id, settings, missed) SELECT id, settings, missed FROM old.webhook ORDER BY rowid",
      );
      database.run(
        "INSERT INTO message SELECT webhook, position + ?, id, body, created_ms, attempts FROM old.message",
        [position],
      );
      return changes;
    });
  } finally {
    database.run("DETACH old");
  }
}

function toTakeOverError(error: unknown, path: string): GafferdError {
  const isBusy = (error as { code?: string }).code?.startsWith("SQLITE_BUSY") === true;
  const reason = isBusy ? "another gafferd uses it; stop that one first" : `${messageOf(error)}; move it away`;
  return new GafferdError(isBusy ? "conflict" : "overloaded", `cannot take over ${path}: ${reason}`, { cause: error });
}
