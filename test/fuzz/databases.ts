import fc from "fast-check";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GafferdError } from "../../src/errors.ts";
import { parsePattern } from "../../src/events/pattern.ts";
import { createStore } from "../../src/daemon/open-store.ts";
import { type Store, storePath } from "../../src/store/store.ts";
import { Outbox } from "../../src/webhook/outbox.ts";
import type { Logger } from "../../src/log.ts";
import { type Webhook, webhookIdOf } from "../../src/webhook/webhook.ts";
import { recordWarnings } from "../recorded-log.ts";
import { storedParts } from "./stored-parts.ts";
import type { FuzzTarget } from "./target.ts";

/** Whether the file is cut, or its pages change places: what disks and copies do. */
const shape = fc.oneof(
  { weight: 4, arbitrary: fc.constant("as it is" as const) },
  { weight: 1, arbitrary: fc.constantFrom("cut" as const, "empty" as const, "half twice" as const) },
);

/**
 * A database with damaged bytes is used, or set aside with a message that names it. Nothing in it is used that
 * nobody registered.
 */
export const databases: FuzzTarget = {
  name: "databases",
  inputs: 300,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-fuzz-store-"));
    const original = await createDatabase(folder);
    return {
      property: fc.asyncProperty(damageOf(original), shape, async (damage, kind) => {
        const bytes = Buffer.from(original);
        for (const [at, byte] of damage) bytes[at] = byte;
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
        writeFileSync(storePath(folder), reshape(bytes, kind));
        const { log, warnings } = recordWarnings();
        const store = openOrRefuse(folder, log);
        if (store === undefined) return;
        try {
          use(store, log);
        } finally {
          await store.close();
        }
        const aside = readdirSync(folder).filter((name) => name.includes(".damaged-"));
        if (aside.length > 0 && !warnings.some((line) => line.includes(storePath(folder)))) {
          throw new Error(`the log does not name the database: ${warnings.join("\n")}`);
        }
      }),
      settle: async () => {},
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

function openOrRefuse(stateDir: string, log: Logger): Store | undefined {
  const store = createStore({ stateDir, log });
  try {
    store.open();
    return store;
  } catch (error) {
    if (error instanceof GafferdError && error.message.includes(stateDir)) return undefined;
    throw error;
  }
}

/** Places and their new bytes. Most are where the file has data; the rest of its pages is empty. */
function damageOf(original: Uint8Array): fc.Arbitrary<(readonly [number, number])[]> {
  const used = [...original.keys()].filter((at) => original[at] !== 0);
  const byte = fc.oneof(fc.integer({ min: 32, max: 126 }), fc.integer({ min: 0, max: 255 }));
  const place = fc.noBias(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...used) },
      { weight: 1, arbitrary: fc.nat({ max: original.length - 1 }) },
    ),
  );
  return fc.array(fc.tuple(place, byte), { maxLength: 3 });
}

/** Does with the store what a start and a delivery do. */
function use(store: Store, log: Logger): void {
  const outbox = new Outbox(store);
  try {
    useOutbox(outbox, log);
  } finally {
    outbox.close();
  }
  for (const part of storedParts) part.use(store, log);
}

function useOutbox(outbox: Outbox, log: Logger): void {
  const all = outbox.webhooks(log);
  for (const { webhook } of all) {
    if (webhook.id !== webhookIdOf(webhook.url)) throw new Error(`${webhook.id} is not the id of ${webhook.url}`);
    for (const pattern of webhook.patterns) parsePattern([pattern]);
    if (!(webhook.timeoutMs > 0) || !(webhook.retries >= 0)) throw new Error(JSON.stringify(webhook));
  }
  const ids = all.map(({ webhook }) => webhook.id);
  outbox.add(ids, { id: "e1", body: "{}", createdMs: 1 });
  for (const id of ids) {
    const message = outbox.first(id);
    if (message === undefined) throw new Error("the message that was added is missing");
    outbox.countAttempt(id, message.position);
    outbox.settle(id, message.position, 1);
    outbox.dropSecond(id);
    outbox.dropBefore(id, 2);
  }
}

async function createDatabase(folder: string): Promise<Uint8Array> {
  const { log } = recordWarnings();
  const store = createStore({ stateDir: folder, log });
  const outbox = new Outbox(store);
  for (const port of [1, 2]) await outbox.save(createWebhook(`http://127.0.0.1:${port}/hook`));
  const ids = outbox.webhooks(log).map(({ webhook }) => webhook.id);
  for (let index = 0; index < 20; index++)
    outbox.add(ids, { id: `e${index}`, body: `{"name":"web"}`, createdMs: index });
  outbox.close();
  for (const part of storedParts) await part.fill(store, log);
  await store.close();
  return readFileSync(storePath(folder));
}

function createWebhook(url: string): Webhook {
  return { id: webhookIdOf(url), url, patterns: ["proc.web.exit"], timeoutMs: 1000, retries: 3, source: "api" };
}

function reshape(bytes: Buffer, kind: "as it is" | "cut" | "empty" | "half twice"): Uint8Array {
  const half = bytes.subarray(0, bytes.length / 2);
  if (kind === "cut") return half;
  if (kind === "empty") return new Uint8Array();
  return kind === "half twice" ? Buffer.concat([half, half]) : bytes;
}
