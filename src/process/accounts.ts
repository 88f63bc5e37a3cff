import { readFileSync, statSync } from "node:fs";

/** An entry of the user database. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** It is in `/etc/passwd`. */
  readonly isLocal: boolean;
}

/**
 * The account of a user, given by name or number, or undefined. Looked up in `/etc/passwd`, then by `getent` and `id`,
 * which know of LDAP and the like, and may take seconds.
 */
export function findAccount(user: number | string): Account | undefined {
  const id = idOf(user);
  const local = localAccounts().find((account) => (id === undefined ? account.name === user : account.uid === id));
  if (local !== undefined) return local;
  const entry = ask("getent", "passwd", String(user));
  if (entry !== undefined) return toAccount(entry.split(":"), false);
  const [uid, gid] = [askNumber("id", "-u", "--", String(user)), askNumber("id", "-g", "--", String(user))];
  if (uid === undefined || gid === undefined) return undefined;
  return { name: String(user), uid, gid, home: "/", shell: "/bin/sh", isLocal: false };
}

/** The number of a group, given by name or number; undefined for a name that no group has. */
export function findGroupId(group: number | string): number | undefined {
  const id = idOf(group);
  if (id !== undefined) return id;
  const local = entriesOf("/etc/group").find(([name]) => name === group);
  return toId((local ?? ask("getent", "group", String(group))?.split(":"))?.[2]);
}

/** The groups that list the account as a member, without its primary one. */
export function supplementaryGroupsOf(account: Account): number[] {
  if (!account.isLocal) {
    const all = ask("id", "-G", "--", account.name)?.split(" ") ?? [];
    return all.map(Number).filter((gid) => gid !== account.gid);
  }
  return entriesOf("/etc/group")
    .filter(([, , , members = ""]) => members.split(",").includes(account.name))
    .map(([, , gid]) => Number(gid));
}

/** Those of `/etc/passwd`, in its order; the same array until the file changes. */
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
  // An empty field is as passwd(5) has it.
  return { name, uid, gid, home: home || "/", shell: shell || "/bin/sh", isLocal };
}

const files = new Map<string, { readonly version: string; readonly entries: Entries }>();

/** The fields of each line; read again when the file has changed. A file that is not there, or is being replaced, changes nothing. */
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

function idOf(account: number | string): number | undefined {
  return typeof account === "number" ? account : toId(account);
}

function toId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function askNumber(program: string, ...args: readonly string[]): number | undefined {
  return toId(ask(program, ...args));
}

function ask(program: string, ...args: readonly string[]): string | undefined {
  const path = Bun.which(program, { PATH: process.env["PATH"] ?? "" });
  if (path === null) return undefined;
  const { success, stdout } = Bun.spawnSync({ cmd: [path, ...args], stdin: "ignore", stderr: "ignore", timeout: 5000 });
  const answer = stdout.toString().trim();
  return success && answer !== "" ? answer : undefined;
}
