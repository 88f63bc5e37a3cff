import type { Database } from "bun:sqlite";

/** The tables of one part of gafferd. Only this part reads and writes them. */
export interface StoreTables {
  /** The name of the part, such as `webhooks`. */
  readonly owner: string;
  /**
   * The statements that lead from each version to the next, oldest first: the first list creates the tables. Never change a
   * list that was released; append another one.
   */
  readonly migrations: readonly (readonly string[])[];
}

/** A database that a later version of gafferd wrote. Its file must not be changed. */
export class NewerStoreError extends Error {
  override readonly name = "NewerStoreError";

  constructor(what: string) {
    super(`a later version of gafferd wrote it (${what})`);
  }
}

/** The version of the table `owner`, kept in `user_version`. */
const format = 1;

/**
 * Brings all tables to the version that this gafferd knows, in one transaction. Throws NewerStoreError, and changes nothing,
 * if a later version of gafferd wrote the database; throws an error with a code of damage if a definition is not what
 * the migrations make.
 */
export function migrate(database: Database, parts: readonly StoreTables[]): void {
  const found = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  if (found > format) throw new NewerStoreError(`format ${found}, known is ${format}`);
  database
    .transaction(() => {
      applyMigrations(database, parts);
      if (found < format) database.run(`PRAGMA user_version = ${format}`);
    })
    .immediate();
  assertDefinitions(database, parts);
}

function applyMigrations(database: Database, parts: readonly StoreTables[]): void {
  database.run("CREATE TABLE IF NOT EXISTS owner (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT");
  const rows = database.query<{ name: string; version: number }, []>("SELECT name, version FROM owner").all();
  const versions = new Map(rows.map(({ name, version }) => [name, version]));
  for (const [name, version] of versions) {
    const known = parts.find(({ owner }) => owner === name)?.migrations.length ?? 0;
    if (version > known)
      throw new NewerStoreError(`version ${version} of the tables of \`${name}\`, known is ${known}`);
  }
  for (const { owner, migrations } of parts) {
    const version = versions.get(owner) ?? 0;
    for (const statement of migrations.slice(version).flat()) database.run(statement);
    if (version === migrations.length) continue;
    database.run("INSERT INTO owner VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version", [
      owner,
      migrations.length,
    ]);
  }
}

/** A damaged default or type would be found only when a row is written. */
function assertDefinitions(database: Database, parts: readonly StoreTables[]): void {
  const Memory = database.constructor as typeof Database;
  using expected = new Memory(":memory:");
  applyMigrations(expected, parts);
  const [actual, wanted] = [definitionsOf(database), definitionsOf(expected)];
  const wrong = [...wanted].find(([name, sql]) => actual.get(name) !== sql);
  if (wrong !== undefined) throw damaged(`the definition of \`${wrong[0]}\` is not \`${wrong[1]}\``);
}

function definitionsOf(database: Database): ReadonlyMap<string, string> {
  using schema = database.prepare<{ name: string; sql: string }, []>(
    "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
  );
  return new Map(schema.all().map(({ name, sql }) => [name, sql]));
}

/** An error like those of SQLite for a damaged file. */
export function damaged(message: string): Error {
  return Object.assign(new Error(message), { code: "SQLITE_CORRUPT" });
}
