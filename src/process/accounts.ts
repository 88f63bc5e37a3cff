import { readFileSync, statSync } from "node:fs";

/** An entry of the user database. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** The entry is in `/etc/passwd`. */
  readonly isLocal: boolean;
}

/**
 * Returns the account of a user, by name or number, or undefined if there is none. Searches `/etc/passwd` first, then
 * calls `getent` and `id`, which query services such as LDAP and can take seconds.
 */
export function findAccount(user: number | string): Account | undefined {
  const id = toAccountId(user);
  const local = localAccounts().find((account) => (id === undefined ? account.name === user : account.uid === id));
  if (local !== undefined) return local;
  const entry = query("getent", "passwd", String(user));
  if (entry !== undefined) return toAccount(entry.split(":"), false);
  const [uid, gid] = [queryNumber("id", "-u", "--", String(user)), queryNumber("id", "-g", "--", String(user))];
  if (uid === undefined || gid === undefined) return undefined;
  return { name: String(user), uid, gid, home: "/", shell: "/bin/sh", isLocal: false };
}

/** Returns the number of a group, by name or number. Undefined if the name is unknown. */
export function findGroupId(group: number | string): number | undefined {
  const id = toAccountId(group);
  if (id !== undefined) return id;
  const local = entriesOf("/etc/group").find(([name]) => name === group);
  return toId((local ?? query("getent", "group", String(group))?.split(":"))?.[2]);
}

/** The groups that list the account as a member, without its primary group. */
export function supplementaryGroupsOf(account: Account): number[] {
  if (!account.isLocal) {
    const all = query("id", "-G", "--", account.name)?.split(" ") ?? [];
    return all.map(Number).filter((gid) => gid !== account.gid);
  }
  return entriesOf("/etc/group")
    .filter(([, , , members = ""]) => members.split(",").includes(account.name))
    .map(([, , gid]) => Number(gid));
}

/** The accounts in `/etc/passwd`, in file order. Returns the same array until the file changes. */
export function localAccounts(): readonly Account[] {
  const entries = entriesOf("/etc/passwd");
  if (entries !== parsed.entries)
    parsed = { entries, accounts: entries.flatMap((entry) => toAccount(entry, true) ?? []) };
  return parsed.accounts;
}

type Entries = readonly (readonly string[])[];

let parsed: { readonly entries: Entries; readonly accounts: readonly Account[] } = { entries: [], accounts: [] };

/** `root:x:0:0:root:/root:/bin/sh` */
function toAccount(
  [name = "", , uidText, gidText, , home = "", shell = ""]: readonly string[],
  isLocal: boolean,
): Account | undefined {
  const [uid, gid] = [toId(uidText), toId(gidText)];
  if (uid === undefined || gid === undefined) return undefined;
  // passwd(5) defines these defaults of empty fields.
  return { name, uid, gid, home: home || "/", shell: shell || "/bin/sh", isLocal };
}

const files = new Map<string, { readonly version: string; readonly entries: Entries }>();

/** The fields of each line. Rereads the file when it has changed; keeps the last entries if it cannot be read. */
function entriesOf(file: string): Entries {
  const known = files.get(file);
  try {
    const { mtimeMs, ino, size } = statSync(file);
    const version = `${mtimeMs}:${ino}:${size}`;
    if (known?.version === version) return known.entries;
    const entries = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(":"));
    files.set(file, { version, entries });
    return entries;
  } catch {
    return known?.entries ?? [];
  }
}

function toAccountId(account: number | string): number | undefined {
  return typeof account === "number" ? account : toId(account);
}

function toId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function queryNumber(program: string, ...args: readonly string[]): number | undefined {
  return toId(query(program, ...args));
}

function query(program: string, ...args: readonly string[]): string | undefined {
  const path = Bun.which(program, { PATH: process.env["PATH"] ?? "" });
  if (path === null) return undefined;
  const { success, stdout } = Bun.spawnSync({ cmd: [path, ...args], stdin: "ignore", stderr: "ignore", timeout: 5000 });
  const answer = stdout.toString().trim();
  return success && answer !== "" ? answer : undefined;
}
