import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allTables, createStore } from "../../src/daemon/open-store.ts";
import { storePath } from "../../src/store/store.ts";
import { recordWarnings } from "../recorded-log.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-migrations-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a gafferd with this version of the tables of a part wrote, and what the present one finds. */
interface Fixture {
  readonly rows: readonly string[];
  readonly found: Readonly<Record<string, readonly object[]>>;
}

/** By part, then one for each version, the first first. A new migration needs a new one here. */
const fixtures: Readonly<Record<string, readonly Fixture[]>> = {
  webhooks: [
    {
      rows: [
        `INSERT INTO webhook VALUES ('wh_1', '{"url":"http://127.0.0.1:1/"}', 2)`,
        `INSERT INTO message VALUES ('wh_1', 7, 'e7', '{"event":"exit"}', 1700000000000, 3)`,
      ],
      found: {
        webhook: [{ id: "wh_1", settings: `{"url":"http://127.0.0.1:1/"}`, missed: 2 }],
        message: [
          {
            webhook: "wh_1",
            position: 7,
            id: "e7",
            body: `{"event":"exit"}`,
            created_ms: 1_700_000_000_000,
            attempts: 3,
          },
        ],
      },
    },
  ],
  templates: [
    {
      rows: [`INSERT INTO template VALUES ('web', 'http', 1, '{"cmd":"sleep 600"}', '0123456789abcdef')`],
      found: {
        template: [
          { name: "web", source: "http", wanted: 1, document: `{"cmd":"sleep 600"}`, checksum: "0123456789abcdef" },
        ],
      },
    },
  ],
  runs: [
    {
      rows: [`INSERT INTO run VALUES ('build', 600000, '{"cmd":"make"}', '{"state":"exited"}')`],
      found: { run: [{ id: "build", keep_ms: 600_000, settings: `{"cmd":"make"}`, facts: `{"state":"exited"}` }] },
    },
  ],
  leases: [
    {
      rows: ["INSERT INTO lease VALUES ('template', 'web', 'ci', 5000)", "INSERT INTO lease_clock VALUES (1, 1000)"],
      found: {
        lease: [{ kind: "template", name: "web", owner: "ci", deadline_ms: 5000 }],
        lease_clock: [{ id: 1, ms: 1000 }],
      },
    },
  ],
  exits: [
    {
      rows: [
        `INSERT INTO exit VALUES (4, 'web', 'r1', 3, '{"pid":3}', '{"name":"web"}', '0123456789abcdef')`,
        "INSERT INTO running VALUES ('r1', 9, 'web', 4711, 0, 1700000000000)",
      ],
      found: {
        exit: [
          {
            number: 4,
            template: "web",
            boot: "r1",
            pid: 3,
            entry: `{"pid":3}`,
            rest: `{"name":"web"}`,
            checksum: "0123456789abcdef",
          },
        ],
        running: [{ boot: "r1", pid: 9, template: "web", os_pid: 4711, slot: 0, started_ms: 1_700_000_000_000 }],
      },
    },
  ],
  events: [
    {
      rows: [
        "INSERT INTO boot VALUES (2, 'r1', 40)",
        "INSERT INTO event_page VALUES (5, 'r1', 31, 40, 1700000000000, '[]', '0123456789abcdef')",
      ],
      found: {
        boot: [{ number: 2, id: "r1", last: 40 }],
        event_page: [
          {
            number: 5,
            boot: "r1",
            first: 31,
            last: 40,
            last_ms: 1_700_000_000_000,
            events: "[]",
            checksum: "0123456789abcdef",
          },
        ],
      },
    },
  ],
};

const versions = allTables.flatMap((part) => part.migrations.map((_, index) => [part.owner, index + 1] as const));

test("every version of the tables of every part has a fixture", () => {
  const known = Object.entries(fixtures).flatMap(([owner, list]) => list.map((_, index) => [owner, index + 1]));
  expect(known.toSorted()).toEqual(versions.map((each) => [...each]).toSorted());
});

test.each(versions)("the rows of `%s` in version %i are found in a database of that time", async (owner, version) => {
  const { migrations } = allTables.find((part) => part.owner === owner)!;
  const { rows, found } = fixtures[owner]![version - 1]!;
  const stateDir = join(folder, `${owner}-${version}`);
  mkdirSync(stateDir);
  {
    using database = new Database(storePath(stateDir), { create: true });
    database.run("PRAGMA journal_mode = WAL");
    // Of a gafferd that had no other part.
    database.run("CREATE TABLE owner (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT");
    database.run("INSERT INTO owner VALUES (?, ?)", [owner, version]);
    for (const statement of [...migrations.slice(0, version).flat(), ...rows]) database.run(statement);
    database.run("PRAGMA user_version = 1");
  }
  const { log, warnings } = recordWarnings();
  const store = createStore({ stateDir, log });
  const database = store.open();
  for (const [table, expected] of Object.entries(found)) {
    expect(database.query(`SELECT * FROM "${table}"`).all()).toEqual([...expected]);
  }
  expect(database.query("SELECT name, version FROM owner ORDER BY name").all()).toEqual(
    allTables
      .map((part) => ({ name: part.owner, version: part.migrations.length }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
  expect(warnings).toEqual([]);
  await store.close();
});
