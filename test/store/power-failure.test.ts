import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store, storePath } from "../../src/store/store.ts";
import { recordWarnings } from "../recorded-log.ts";
import { PowerCut } from "./power-cut.ts";

/** More of them take long. */
const rounds = Number(process.env["GAFFERD_POWER_CUTS"] ?? 8);
const folder = mkdtempSync(join(tmpdir(), "gafferd-power-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tables = [
  {
    owner: "notes",
    migrations: [["CREATE TABLE note (number INTEGER PRIMARY KEY, version INTEGER, text TEXT) STRICT"]],
  },
];
/** So few that a row is written again and again, while its older pages are still in the log. */
const rows = 40;

test("a power failure at any moment loses nothing that was promised, and leaves no page of an older state", async () => {
  let cuts = 0;
  for (let round = 0; round < rounds; round++) cuts += await runUntilCut(join(folder, String(round)));
  expect(cuts).toBe(rounds);
}, 600_000);

/** Writes until the power fails at a random sync, and checks what is left. */
async function runUntilCut(home: string): Promise<number> {
  const stateDir = join(home, "state");
  const { log } = recordWarnings();
  const disk = new PowerCut();
  const store = new Store({ stateDir, tables, log, wal: { disk, maxBytes: 100_000 } });
  const promised = new Map<number, number>();
  const written = new Map<number, number>();
  let version = 0;
  const cuts: number[] = [];
  const cutAt = 1 + Math.floor(Math.random() * 80);
  const database = store.open();
  // SQLite itself has synced it.
  disk.remember(storePath(stateDir));
  using save = database.prepare<unknown, [number, number, string]>(
    "INSERT INTO note VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, text = excluded.text",
  );
  const change = (): [number, () => void] => {
    const number = Math.floor(Math.random() * rows);
    const mine = ++version;
    return [
      number,
      () => {
        written.set(number, mine);
        save.run(number, mine, "x".repeat(Math.random() * 6000));
      },
    ];
  };
  disk.onSync = async () => {
    // Writes that cannot wait come at the worst moments.
    if (Math.random() < 0.3) store.transaction(change()[1]);
    if (disk.syncs < cutAt || cuts.length > 0) return;
    cuts.push(disk.syncs);
    checkAfterCut(home, stateDir, disk, { promised, written });
  };
  while (cuts.length === 0) {
    const [number, run] = change();
    let mine = 0;
    const write = store.write(() => {
      run();
      mine = written.get(number) ?? 0;
    });
    void store.writeLater(change()[1]);
    await write;
    promised.set(number, Math.max(mine, promised.get(number) ?? 0));
  }
  save.finalize();
  await store.close();
  return cuts.length;
}

function checkAfterCut(
  home: string,
  stateDir: string,
  disk: PowerCut,
  known: { promised: ReadonlyMap<number, number>; written: ReadonlyMap<number, number> },
): void {
  for (let variant = 0; variant < 8; variant++) {
    const after = join(home, `after-${variant}`);
    mkdirSync(after, { recursive: true });
    for (const suffix of ["", "-wal"]) {
      writeFileSync(storePath(after) + suffix, disk.leftOf(storePath(stateDir) + suffix, Math.random));
    }
    using database = new Database(storePath(after));
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    const left = new Map(
      database
        .query<{ number: number; version: number }, []>("SELECT number, version FROM note")
        .all()
        .map(({ number, version }) => [number, version]),
    );
    for (const [number, version] of known.promised) {
      expect(left.get(number) ?? 0).toBeGreaterThanOrEqual(version);
      expect(left.get(number) ?? 0).toBeLessThanOrEqual(known.written.get(number) ?? 0);
    }
  }
}
