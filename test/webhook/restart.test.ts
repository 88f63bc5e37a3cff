import { Database } from "bun:sqlite";
import { afterEach, expect, setSystemTime, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storePath } from "../../src/store/store.ts";
import { Outbox } from "../../src/webhook/outbox.ts";
import { waitFor } from "../wait-for.ts";
import { freePort, receive } from "./receiver.ts";
import { send } from "./sending.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-outbox-"));
  folders.push(folder);
  return folder;
}

test("what waits for a webhook of the file is delivered after a restart, with ids that no later event has", async () => {
  const stateDir = newFolder();
  const port = await freePort();
  const hooks = { ".": [`http://127.0.0.1:${port}/hook`] };
  {
    await using before = await send({ hooks, stateDir });
    before.publish("a", "b");
  }
  await using receiver = receive(undefined, { port });
  await using after = await send({ hooks, stateDir });
  after.publish("c");
  await waitFor(() => receiver.accepted.length === 3, "all events");
  expect(receiver.accepted.map(({ body }) => `${body.name} ${body.seq}`)).toEqual(["a 1", "b 2", "c 1"]);
  expect(new Set(receiver.accepted.map(({ id }) => id)).size).toBe(3);
});

test("how often an event was tried is not forgotten", async () => {
  const stateDir = newFolder();
  const hooks = { ".": [`http://127.0.0.1:${await freePort()}/`] };
  {
    await using before = await send({ hooks, stateDir, retries: 1000 });
    before.publish("a");
    await waitFor(() => before.webhooks.list()[0]?.counts.failed === 3, "three attempts");
  }
  await using after = await send({ hooks, stateDir, retries: 3 });
  await waitFor(() => after.webhooks.list()[0]?.counts.givenUp === 1, "the end of the event");
  expect(after.webhooks.list()[0]?.attempts.map(({ number }) => number)[0]).toBe(4);
});

test("a webhook that was registered at run time is back after a restart, with its settings", async () => {
  await using receiver = receive();
  const stateDir = newFolder();
  {
    await using before = await send({ stateDir });
    await before.webhooks.register({ url: receiver.url, pattern: "stop", retries: 7, timeoutMs: 1234 });
    await before.webhooks.register({ url: receiver.url, pattern: "create" });
  }
  await using after = await send({ stateDir });
  expect(after.webhooks.list().map(({ webhook }) => webhook)).toMatchObject([
    { url: receiver.url, patterns: ["stop", "create"], retries: 7, timeoutMs: 1234, source: "api" },
  ]);
  after.publish("a");
  await waitFor(() => receiver.accepted.length === 1, "the event");
});

test("what waits for a webhook that the file no longer has is dropped, and the log says so", async () => {
  const stateDir = newFolder();
  const url = `http://127.0.0.1:${await freePort()}/`;
  {
    await using before = await send({ hooks: { ".": [url] }, stateDir });
    before.publish("a", "b");
  }
  {
    await using without = await send({ stateDir });
    expect(without.logged).toEqual([`warn webhook ${url}: no longer in the configuration file; events dropped: 2`]);
    expect(without.webhooks.list()).toEqual([]);
  }
  await using again = await send({ hooks: { ".": [url] }, stateDir });
  expect(again.webhooks.list()[0]?.queued).toBe(0);
});

test("a file that is read again brings URLs, takes others, and leaves alone what waits for the rest", async () => {
  await using stays = receive(() => new Response("", { status: 500 }));
  await using comes = receive();
  const goes = `http://127.0.0.1:${await freePort()}/`;
  await using sending = await send({ hooks: { ".": [stays.url, goes] } });
  sending.publish("a");
  const settings = { timeoutMs: 5000, retries: 1000 };
  await sending.webhooks.reconfigure({ ...settings, hooks: [{ pattern: "create", urls: [stays.url, comes.url] }] });
  sending.publish("b");
  await waitFor(() => sending.webhooks.list()[1]?.counts.delivered === 1, "the event at the new one");
  expect(comes.accepted[0]?.body.name).toBe("b");
  expect(sending.webhooks.list().map(({ webhook, queued }) => [webhook.url, webhook.patterns, queued])).toEqual([
    [stays.url, ["create"], 2],
    [comes.url, ["create"], 0],
  ]);
  expect(sending.logged).toContain(`info webhook ${goes}: no longer in the configuration file; events dropped: 1`);
  await sending.webhooks.reconfigure({ ...settings, hooks: [] });
});

test("what waited too long is dropped, and the log says how much", async () => {
  const hooks = { ".": [`http://127.0.0.1:${await freePort()}/hook`] };
  await using sending = await send({ hooks, limits: { maxQueued: 10, maxAgeMs: -1 } });
  sending.publish("a", "b");
  await waitFor(() => sending.webhooks.list()[0]?.counts.dropped === 2, "the end of the old ones");
  expect(sending.logged.join()).toMatch(/dropped events that waited more than .* hours: \d/);
});

test("what an earlier run left is delivered however long ago the clock says that was", async () => {
  const stateDir = newFolder();
  const port = await freePort();
  const hooks = { ".": [`http://127.0.0.1:${port}/hook`] };
  {
    await using before = await send({ hooks, stateDir });
    before.publish("a", "b");
  }
  await using receiver = receive(undefined, { port });
  await using _ = await send({ hooks, stateDir, limits: { maxQueued: 10, maxAgeMs: 0 } });
  await waitFor(() => receiver.accepted.length === 2, "both");
});

test("setting the clock forward by two days drops nothing", async () => {
  const port = await freePort();
  await using sending = await send({ hooks: { ".": [`http://127.0.0.1:${port}/hook`] } });
  sending.publish("a");
  await waitFor(() => (sending.webhooks.list()[0]?.counts.failed ?? 0) > 0, "the first try");
  setSystemTime(new Date(Date.now() + 2 * 24 * 60 * 60 * 1000));
  try {
    await using receiver = receive(undefined, { port });
    await waitFor(() => receiver.accepted.length === 1, "the event");
    expect(sending.webhooks.list()[0]?.counts.dropped).toBe(0);
  } finally {
    setSystemTime();
  }
});

test("at the end what can be delivered is delivered, and what cannot is left for the next start", async () => {
  await using receiver = receive();
  await using hanging = receive(() => new Promise(() => {}));
  await using sending = await send({ hooks: { ".": [receiver.url, hanging.url] } });
  sending.publish("a", "b", "c");
  await sending.webhooks.stop({ flushMs: 1500 });
  expect(receiver.accepted).toHaveLength(3);
  expect(hanging.received).toHaveLength(1);
});

test("a second daemon with webhooks cannot start on the same folder; one without is none of its business", async () => {
  const stateDir = newFolder();
  const hooks = { ".": [`http://127.0.0.1:${await freePort()}/`] };
  await using first = await send({ hooks, stateDir });
  await expect(send({ hooks, stateDir })).rejects.toThrow(
    `cannot use ${storePath(stateDir)}: another gafferd (process ${process.pid}) uses it; give each gafferd its own folder, \`state_dir\` in [gaffer]`,
  );
  await using second = await send({ stateDir });
  await expect(second.webhooks.register({ url: "http://127.0.0.1:1/", pattern: "." })).rejects.toMatchObject({
    code: "conflict",
  });
  // Neither attempt has taken the first one's lock.
  await expect(send({ hooks, stateDir })).rejects.toThrow("another gafferd (process");
  first.publish("a");
  expect(first.webhooks.list()[0]?.queued).toBe(1);
});

test.each<[string, (stateDir: string) => void, string]>([
  ["is a file", (stateDir) => writeFileSync(stateDir, ""), "let `state_dir` in [gaffer] name a folder"],
])("a state folder that %s keeps the daemon from starting, with advice", async (_, spoil, advice) => {
  const stateDir = join(newFolder(), "state");
  spoil(stateDir);
  await expect(send({ hooks: { ".": ["http://127.0.0.1:1/"] }, stateDir })).rejects.toThrow(advice);
});

/** SQLite's header and first page stay, what follows is noise. */
function damagePage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 4096);
  writeFileSync(file, bytes);
}

function change(file: string, statement: string): void {
  using database = new Database(file);
  database.run(statement);
}

test.each<[string, (file: string) => void]>([
  ["are not JSON", (file) => change(file, "UPDATE webhook SET settings = replace(settings, ':', '')")],
  ["are of another kind", (file) => change(file, `UPDATE webhook SET settings = '["."]'`)],
  ["are of another URL", (file) => change(file, "UPDATE webhook SET settings = replace(settings, '127', '128')")],
  [
    "have a pattern of no event",
    (file) => change(file, `UPDATE webhook SET settings = replace(settings, '"."', '"\u007f"')`),
  ],
])("a webhook whose settings %s is left out, and the log names it and the file", async (_, damage) => {
  const stateDir = newFolder();
  const url = `http://127.0.0.1:${await freePort()}/`;
  {
    await using before = await send({ stateDir });
    await before.webhooks.register({ url, pattern: "." });
  }
  damage(storePath(stateDir));
  await using after = await send({ stateDir });
  expect(after.webhooks.list()).toEqual([]);
  expect(after.logged.join()).toMatch(
    /^error webhook "wh_\w+" in .*gafferd\.sqlite is left out: .*; register it again$/,
  );
  await after.webhooks.register({ url, pattern: "create" });
  expect(after.webhooks.list()).toHaveLength(1);
});

test.each<[string, (file: string) => void]>([
  ["lacks a column", (file) => change(file, "ALTER TABLE message RENAME COLUMN body TO bodx")],
  [
    "has a damaged definition of a table",
    (file) =>
      writeFileSync(
        file,
        readFileSync(file, "latin1").replace(
          "attempts INTEGER NOT NULL DEFAULT 0",
          "attempts INTEGER NOT NULL DEFAULT A",
        ),
        "latin1",
      ),
  ],
  ["is no database", (file) => writeFileSync(file, "x".repeat(5000))],
  ["has a damaged page", damagePage],
  ["was cut short", (file) => writeFileSync(file, readFileSync(file).subarray(0, 3000))],
])("a database that %s is renamed and named in the log, and a new one is begun", async (_, damage) => {
  const stateDir = newFolder();
  const hooks = { ".": [`http://127.0.0.1:${await freePort()}/`] };
  {
    await using before = await send({ hooks, stateDir });
    before.publish(...Array.from({ length: 100 }, (__, index) => `name-${index}`));
  }
  damage(storePath(stateDir));
  await using after = await send({ hooks, stateDir });
  expect(after.logged.join()).toMatch(
    /^error the database .*gafferd\.sqlite is damaged.*renamed to .*gafferd\.sqlite\.damaged-[-\dTZ]+ /,
  );
  after.publish("a");
  expect(after.webhooks.list()[0]?.queued).toBe(1);
  expect(readdirSync(stateDir).filter((name) => name.includes(".damaged-"))).not.toEqual([]);
});

test("a database of a later version is refused and left as it is", async () => {
  const stateDir = newFolder();
  {
    await using before = await send({ hooks: { ".": ["http://127.0.0.1:1/"] }, stateDir });
    before.publish("a");
  }
  const file = storePath(stateDir);
  const database = new Database(file);
  database.run("PRAGMA user_version = 99");
  database.close();
  const bytes = readFileSync(file);
  await expect(send({ hooks: { ".": ["http://127.0.0.1:1/"] }, stateDir })).rejects.toThrow(
    "a later version of gafferd wrote it (format 99, known is 1); start that version",
  );
  expect(readFileSync(file).equals(bytes)).toBe(true);
});

test("without webhooks in the file, a database that cannot be used is an error in the log alone", async () => {
  const stateDir = newFolder();
  mkdirSync(storePath(stateDir));
  await using sending = await send({ stateDir });
  expect(sending.logged.join()).toMatch(/^error cannot use .*registered over HTTP get no events until then/);
  await expect(sending.webhooks.register({ url: "http://127.0.0.1:1/", pattern: "." })).rejects.toMatchObject({
    code: "overloaded",
  });
});

test("a state folder that cannot be made is told with advice", async () => {
  // Where not even root makes one.
  const starting = send({ hooks: { ".": ["http://127.0.0.1:1/"] }, stateDir: "/proc/gafferd/state" });
  await expect(starting).rejects.toThrow("let `state_dir` in [gaffer] name a folder that can be written to");
});

test("a disk that takes no more does not stop the daemon: the log says it once, the receiver how much is lost", async () => {
  const open = Promise.withResolvers<void>();
  await using receiver = receive(async () => {
    await open.promise;
    return new Response("ok");
  });
  await using sending = await send({ hooks: { ".": [receiver.url] } });
  sending.publish("a");
  await waitFor(() => receiver.received.length === 1, "the first");
  const [sender] = sending.webhooks.list();
  {
    using adding = spyOn(Outbox.prototype, "add").mockImplementation(() => {
      throw new Error("database or disk is full");
    });
    sending.publish("b", "c");
    expect(adding).toHaveBeenCalledTimes(2);
  }
  open.resolve();
  sending.publish("d");
  await waitFor(() => receiver.accepted.length === 2, "what is left");
  expect(sender?.counts.dropped).toBe(2);
  expect(receiver.accepted[1]?.headers.get("x-gaffer-gap")).toBe("2");
  expect(sending.logged).toEqual([
    "error webhooks: cannot save events; they are not delivered Error: database or disk is full",
    "warn webhooks: events are saved again",
  ]);
});
