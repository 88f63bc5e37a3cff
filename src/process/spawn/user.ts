import { readFileSync } from "node:fs";
import type { GafferdError } from "../../errors.ts";
import { cannotSpawn } from "./spawn-error.ts";

/** Whom a process runs as. */
export interface User {
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
  /** The supplementary groups, without the primary one. */
  readonly groups: readonly number[];
}

/** What a template says; names or numbers. */
export interface UserChoice {
  readonly uid?: number | string;
  readonly gid?: number | string;
}

const kindOf = { uid: "user", gid: "group" } as const;

/** Long enough that a thousand processes of a template cost one look-up, short enough that nobody waits for a new user. */
const freshMs = 3000;
const known = new Map<string, { readonly user: User | undefined; readonly untilMs: number }>();

/**
 * The user that a process is to run as, or undefined when that is the daemon's own. Names are looked up in `/etc/passwd`
 * and `/etc/group`, then by `id` and `getent`, which know of LDAP and the like. Throws GafferdError `spawn_failed` with
 * the `field` at fault for a name that nobody has, for a number without an entry unless `gid` is given too (such a user
 * has no primary group), and when the daemon is not root.
 */
export function resolveUser(choice: UserChoice): User | undefined {
  if (choice.uid === undefined && choice.gid === undefined) return undefined;
  const key = `${choice.uid}:${choice.gid}`;
  const nowMs = performance.now();
  const remembered = known.get(key);
  if (remembered !== undefined && remembered.untilMs > nowMs) return remembered.user;
  for (const [other, { untilMs }] of known) if (untilMs <= nowMs) known.delete(other);
  const user = lookUp(choice);
  known.set(key, { user, untilMs: nowMs + freshMs });
  return user;
}

function lookUp({ uid, gid }: UserChoice): User | undefined {
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const entry = accountOf(uid ?? own.uid);
  const chosenGid = gid === undefined ? entry?.gid : groupIdOf(gid);
  const chosenUid = entry?.uid ?? numberOf("uid", uid ?? own.uid);
  if (chosenUid === undefined) throw unknown("uid", uid);
  if (chosenGid === undefined) {
    throw cannotSpawn(`cannot run as user ${uid}: it has no entry in /etc/passwd; set \`gid\` too`, {
      transient: false,
      field: "gid",
    });
  }
  if (chosenUid === own.uid && chosenGid === own.gid) return undefined;
  if (own.uid !== 0) {
    const [field, wanted] = chosenUid === own.uid ? ["gid", `group ${gid}`] : ["uid", `user ${uid}`];
    throw cannotSpawn(
      `cannot run as ${wanted}: gafferd itself runs as user ${own.uid}, and only root can change that`,
      {
        transient: false,
        field,
      },
    );
  }
  const groups = entry === undefined || uid === undefined ? [] : supplementaryGroupsOf(entry);
  return { uid: chosenUid, gid: chosenGid, groups: groups.filter((group) => group !== chosenGid) };
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** It stands in `/etc/passwd`. */
  readonly isLocal: boolean;
}

/** The entry of a user, given by name or number. */
function accountOf(user: number | string): Account | undefined {
  const id = numberOf("uid", user);
  for (const [name = "", , uid, gid] of entriesOf("/etc/passwd")) {
    if (id === undefined ? name === user : Number(uid) === id) {
      return { name, uid: Number(uid), gid: Number(gid), isLocal: true };
    }
  }
  const [uid, gid] = [askNumber("id", "-u", "--", String(user)), askNumber("id", "-g", "--", String(user))];
  return uid === undefined || gid === undefined ? undefined : { name: String(user), uid, gid, isLocal: false };
}

function groupIdOf(group: number | string): number {
  const id = numberOf("gid", group);
  if (id !== undefined) return id;
  for (const [name, , gid] of entriesOf("/etc/group")) if (name === group) return Number(gid);
  const gid = ask("getent", "group", String(group))?.split(":")[2];
  if (gid === undefined) throw unknown("gid", group);
  return Number(gid);
}

function supplementaryGroupsOf(account: Account): number[] {
  if (!account.isLocal) {
    const all = ask("id", "-G", "--", account.name)?.split(" ") ?? [];
    return all.map(Number).filter((gid) => gid !== account.gid);
  }
  const isMember = ([, , , members = ""]: string[]) => members.split(",").includes(account.name);
  return entriesOf("/etc/group")
    .filter(isMember)
    .map(([, , gid]) => Number(gid));
}

/** The id that a number, or a string of digits alone, stands for. */
function numberOf(field: "uid" | "gid", value: number | string): number | undefined {
  const id = typeof value === "number" || /^\d+$/.test(value) ? Number(value) : undefined;
  // The highest number is (uid_t)-1, which means "do not change" to the kernel.
  if (id !== undefined && !(Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1)) {
    throw cannotSpawn(`cannot run as ${kindOf[field]} ${value}: an id is a whole number from 0 to ${2 ** 32 - 2}`, {
      transient: false,
      field,
    });
  }
  return id;
}

function entriesOf(file: string): string[][] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

function askNumber(...cmd: string[]): number | undefined {
  const answer = ask(...cmd);
  return answer !== undefined && /^\d+$/.test(answer) ? Number(answer) : undefined;
}

function ask(...cmd: string[]): string | undefined {
  const [program = ""] = cmd;
  if (Bun.which(program) === null) return undefined;
  const { success, stdout } = Bun.spawnSync({ cmd, stdin: "ignore", stderr: "ignore", timeout: 5000 });
  const answer = stdout.toString().trim();
  return success && answer !== "" ? answer : undefined;
}

function unknown(field: "uid" | "gid", value: unknown): GafferdError {
  const kind = kindOf[field];
  return cannotSpawn(`cannot run as ${kind} \`${value}\`: there is no such ${kind}`, { transient: false, field });
}
