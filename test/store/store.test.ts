import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store, storePath } from "../../src/store/store.ts";
import type { StoreTables } from "../../src/store/tables.ts";
import { canMount, mountTinyDisk } from "../faults/tiny-disk.ts";
import { recordWarnings } from "../recorded-log.ts";

const folders: string[] = [];
const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const first: StoreTables = {
  owner: "notes",
  migrations: [["CREATE TABLE note (text TEXT NOT NULL DEFAULT '') STRICT"]],
};
const second: StoreTables = {
  owner: "notes",
  migrations: [...first.migrations, ["ALTER TABLE note ADD COLUMN author TEXT", "UPDATE note SET author = 'unknown'"]],
};
const others: StoreTables = { owner: "others", migrations: [["CREATE TABLE other (a INTEGER) STRICT"]] };

function newFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), "gafferd-store-")), "state");
  folders.push(join(folder, ".."));
  return folder;
}

function create(stateDir: string, tables: readonly StoreTables[] = [first]) {
  const { log, warnings } = recordWarnings();
  const store = new Store({ stateDir, tables, log });
  stores.push(store);
  return { store, warnings };
}

/** A closed store with one note. */
async function fill(stateDir: string, tables: readonly StoreTables[] = [first]): Promise<string> {
  const { store } = create(stateDir, tables);
  store.open().run("INSERT INTO note (text) VALUES ('hello')");
  await store.close();
  return storePath(stateDir);
}

const notesIn = (store: Store) => store.open().query("SELECT * FROM note").all();

test("nothing is created before the store is opened; the folder and its files are the owner's alone", async () => {
  const stateDir = newFolder();
  const { store } = create(stateDir);
  expect(readdirSync(join(stateDir, ".."))).toEqual([]);
  store.open();
  await store.write(() => store.open().run("INSERT INTO note (text) VALUES ('hello')"));
  expect(statSync(stateDir).mode & 0o777).toBe(0o700);
  const files = readdirSync(stateDir).toSorted();
  expect(files).toEqual(["gafferd.sqlite", "gafferd.sqlite-pid", "gafferd.sqlite-wal"]);
  for (const file of files) expect(statSync(join(stateDir, file)).mode & 0o777).toBe(0o600);
  await store.close();
  expect(readdirSync(stateDir)).toEqual(["gafferd.sqlite"]);
});

test("a second daemon with the same folder is refused, with the process id of the first, until that one ends", async () => {
  const stateDir = newFolder();
  const { store } = create(stateDir);
  store.open();
  const refused = create(stateDir).store;
  for (const _ of [1, 2]) {
    expect(() => refused.open()).toThrow(
      `cannot use ${storePath(stateDir)}: another gafferd (process ${process.pid}) uses it; give each gafferd its own folder, \`state_dir\` in [gaffer]`,
    );
  }
  await store.close();
  refused.open();
});

test("the lock of a daemon that was killed does not last", async () => {
  const stateDir = newFolder();
  const script = `
    import { Store } from ${JSON.stringify(join(import.meta.dir, "../../src/store/store.ts"))};
    const store = new Store({ stateDir: ${JSON.stringify(stateDir)}, tables: ${JSON.stringify([first])}, log: {} });
    store.open().run("INSERT INTO note (text) VALUES ('hello')");
    console.log("open");
    setInterval(() => {}, 1000);
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  await child.stdout.getReader().read();
  const { store } = create(stateDir);
  expect(() => store.open()).toThrow(`another gafferd (process ${child.pid}) uses it`);
  child.kill("SIGKILL");
  await child.exited;
  expect(notesIn(store)).toEqual([{ text: "hello" }]);
});

describe("migrations", () => {
  test("bring tables of every earlier version to the current one, and keep their rows", async () => {
    const stateDir = newFolder();
    await fill(stateDir);
    const { store } = create(stateDir, [second, others]);
    expect(notesIn(store)).toEqual([{ text: "hello", author: "unknown" }]);
    store.open().run("INSERT INTO other VALUES (1)");
    await store.close();
    expect(notesIn(create(stateDir, [second, others]).store)).toEqual([{ text: "hello", author: "unknown" }]);
  });

  test.each<[string, readonly StoreTables[], string]>([
    ["of a later version", [first], "version 2 of the tables of `notes`, known is 1"],
    ["of a part that this version does not have", [second], "version 1 of the tables of `others`, known is 0"],
  ])("refuse tables %s, and leave the file as it is", async (_, known, what) => {
    const stateDir = newFolder();
    const path = await fill(stateDir, [second, others]);
    const bytes = readFileSync(path);
    const { store, warnings } = create(stateDir, known);
    expect(() => store.open()).toThrow(
      `cannot use ${path}: a later version of gafferd wrote it (${what}); start that version, or give this one its own folder`,
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect([readdirSync(stateDir), warnings]).toEqual([["gafferd.sqlite"], []]);
  });

  test("that fail change nothing", async () => {
    const stateDir = newFolder();
    const path = await fill(stateDir);
    const broken = {
      owner: "notes",
      migrations: [...first.migrations, ["DELETE FROM note", "UPDATE note SET text = NULL"]],
    };
    new Database(path).close();
    const { store } = create(stateDir, [broken]);
    store.open();
    await store.close();
    const failing = { owner: "notes", migrations: [...first.migrations, ["INSERT INTO note VALUES (NULL)"]] };
    const other = newFolder();
    await fill(other);
    expect(() => create(other, [failing]).store.open()).toThrow("NOT NULL constraint failed");
    expect(notesIn(create(other).store)).toEqual([{ text: "hello" }]);
  });
});

test.each<[string, (file: string) => void]>([
  ["is no database", (file) => writeFileSync(file, "x".repeat(5000))],
  ["was cut short", (file) => writeFileSync(file, readFileSync(file).subarray(0, 6000))],
  ["has a damaged page", (file) => writeFileSync(file, readFileSync(file).fill(0xa5, 4096))],
  [
    "has a damaged definition of a table",
    (file) => writeFileSync(file, readFileSync(file, "latin1").replace("DEFAULT ''", "DEFAULT 'a'"), "latin1"),
  ],
])("a database that %s is renamed and named in the log, and a new one is begun", async (_, damage) => {
  const stateDir = newFolder();
  const path = await fill(stateDir);
  damage(path);
  const damagedBytes = readFileSync(path);
  const { store, warnings } = create(stateDir);
  expect(notesIn(store)).toEqual([]);
  const [aside = ""] = readdirSync(stateDir).filter((name) => name.includes(".damaged-"));
  expect(aside).toMatch(/^gafferd\.sqlite\.damaged-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
  expect(warnings.join()).toContain(`the database ${path} is damaged, and what it kept is lost; it was renamed to`);
  expect(readFileSync(join(stateDir, aside)).equals(damagedBytes)).toBe(true);
});

test("a folder that cannot be used is an error with advice", () => {
  const stateDir = newFolder();
  mkdirSync(join(stateDir, ".."), { recursive: true });
  writeFileSync(stateDir, "");
  const advice = "let `state_dir` in [gaffer] name a folder that can be written to";
  expect(() => create(stateDir).store.open()).toThrow(advice);
  expect(() => create("/proc/gafferd/state").store.open()).toThrow(advice);
});

test("a store that was closed is not opened again", async () => {
  const { store } = create(newFolder());
  store.open();
  await store.close();
  expect(() => store.open()).toThrow("gafferd is stopping");
});

test.skipIf(!canMount)("a full disk makes writes fail, and they succeed again when there is space", async () => {
  using disk = mountTinyDisk("256k");
  const { store } = create(join(disk.path, "state"));
  const add = () => store.open().run("INSERT INTO note (text) VALUES (?)", ["x".repeat(20_000)]);
  add();
  disk.fill();
  expect(() => {
    for (let count = 0; count < 20; count++) add();
  }).toThrow("full");
  disk.free();
  add();
  await store.write(add);
  await store.close();
});
