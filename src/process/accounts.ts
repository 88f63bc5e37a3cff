import { type AccountEntries, readAccountFile } from "../files/account-file.ts";
import { trackSpawned } from "./stop/subreaper.ts";

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
  const local = readAccountFile("/etc/group").find(([name]) => name === group);
  return toId((local ?? query("getent", "group", String(group))?.split(":"))?.[2]);
}

/** The groups that list the account as a member, without its primary group. */
export function supplementaryGroupsOf(account: Account): number[] {
  if (!account.isLocal) {
    const all = query("id", "-G", "--", account.name)?.split(" ") ?? [];
    return all.map(Number).filter((gid) => gid !== account.gid);
  }
  return readAccountFile("/etc/group")
    .filter(([, , , members = ""]) => members.split(",").includes(account.name))
    .map(([, , gid]) => Number(gid));
}

/** The accounts in `/etc/passwd`, in file order. Returns the same array until the file changes. */
export function localAccounts(): readonly Account[] {
  const entries = readAccountFile("/etc/passwd");
  if (entries !== parsed.entries)
    parsed = { entries, accounts: entries.flatMap((entry) => toAccount(entry, true) ?? []) };
  return parsed.accounts;
}

let parsed: { readonly entries: AccountEntries; readonly accounts: readonly Account[] } = { entries: [], accounts: [] };

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

function toAccountId(account: number | string): number | undefined {
  return typeof account === "number" ? account : toId(account);
}

function toId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function queryNumber(program: string, ...args: readonly string[]): number | undefined {
  return toId(query(program, ...args));
}

const queryTimeoutMs = 5000;
/** Answers are used for this long. The first answer of a lookup must still be there after two more slow queries. */
const freshMs = 3 * queryTimeoutMs;
const answers = new Map<string, { readonly text: string | undefined; readonly untilMs: number }>();

/**
 * Asks the services for a user and a group without holding up the event loop, so that the next `findAccount`, `findGroupId`
 * and `supplementaryGroupsOf` have the answers. Each query takes at most 5 s.
 */
export async function loadAccounts(
  user: number | string | undefined,
  group: number | string | undefined,
): Promise<void> {
  await Promise.all([
    user === undefined ? undefined : loadUser(user),
    group === undefined ? undefined : loadGroup(group),
  ]);
}

/** Whether all that `loadAccounts` asks for is known, so that lookups do not wait for a service. */
export function knowsAccounts(user: number | string | undefined, group: number | string | undefined): boolean {
  return !wouldAsk(() => {
    const account = user === undefined ? undefined : findAccount(user);
    if (account !== undefined) supplementaryGroupsOf(account);
    if (group !== undefined) findGroupId(group);
  });
}

/** Whether `lookUp` needs an answer that is not known. It gets no answer instead of waiting for it. */
function wouldAsk(lookUp: () => void): boolean {
  trial = { wouldAsk: false };
  try {
    lookUp();
    return trial.wouldAsk;
  } finally {
    trial = undefined;
  }
}

/** Set during `wouldAsk`. */
let trial: { wouldAsk: boolean } | undefined;

async function loadUser(user: number | string): Promise<void> {
  const id = toAccountId(user);
  if (localAccounts().some((account) => (id === undefined ? account.name === user : account.uid === id))) return;
  const entry = await load("getent", "passwd", String(user));
  if (entry !== undefined) await load("id", "-G", "--", entry.split(":")[0] ?? "");
  else await Promise.all(["-u", "-g", "-G"].map((option) => load("id", option, "--", String(user))));
}

async function loadGroup(group: number | string): Promise<void> {
  if (toAccountId(group) !== undefined || readAccountFile("/etc/group").some(([name]) => name === group)) return;
  await load("getent", "group", String(group));
}

/** The queries in progress, so that a thousand processes of a user ask once. */
const loading = new Map<string, Promise<string | undefined>>();

function load(...cmd: readonly [string, ...string[]]): Promise<string | undefined> {
  const key = cmd.join(" ");
  const known = loading.get(key);
  if (known !== undefined) return known;
  const answer = ask(...cmd).finally(() => loading.delete(key));
  loading.set(key, answer);
  return answer;
}

async function ask(program: string, ...args: readonly string[]): Promise<string | undefined> {
  const path = pathOf(program);
  if (path === null) return undefined;
  try {
    const options = { stdin: "ignore", stdout: "pipe", stderr: "ignore", timeout: queryTimeoutMs } as const;
    const subprocess = Bun.spawn([path, ...args], options);
    trackSpawned(subprocess);
    // A child of the program may keep the pipe open after the program was killed.
    const stdout = await Promise.race([
      subprocess.stdout.text(),
      subprocess.exited.then(() => Bun.sleep(500).then(() => "")),
    ]);
    return keepAnswer([program, ...args], (await subprocess.exited) === 0, stdout);
  } catch {
    // The system is at a limit. The lookup that follows reports the user.
    return undefined;
  }
}

function query(program: string, ...args: readonly string[]): string | undefined {
  const known = answers.get([program, ...args].join(" "));
  if (known !== undefined && known.untilMs > performance.now()) return known.text;
  const path = pathOf(program);
  if (path === null) return undefined;
  if (trial !== undefined) {
    trial.wouldAsk = true;
    return undefined;
  }
  const options = { stdin: "ignore", stderr: "ignore", timeout: queryTimeoutMs } as const;
  const { success, stdout } = Bun.spawnSync({ cmd: [path, ...args], ...options });
  return keepAnswer([program, ...args], success, stdout.toString());
}

function pathOf(program: string): string | null {
  return Bun.which(program, { PATH: process.env["PATH"] ?? "" });
}

function keepAnswer(cmd: readonly string[], isFound: boolean, stdout: string): string | undefined {
  const nowMs = performance.now();
  for (const [key, { untilMs }] of answers) if (untilMs <= nowMs) answers.delete(key);
  const text = isFound ? stdout.trim() || undefined : undefined;
  answers.set(cmd.join(" "), { text, untilMs: nowMs + freshMs });
  return text;
}
