import type { GafferdError } from "../../errors.ts";
import { type Account, findAccount, findGroupId, supplementaryGroupsOf } from "../accounts.ts";
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
const known = new Map<string, Resolved & { readonly untilMs: number }>();

interface Resolved {
  readonly user: User | undefined;
  readonly variables: UserVariables;
}

/** Undefined: not known, and not that of another user. */
type UserVariables = Readonly<Partial<Record<"HOME" | "USER" | "LOGNAME" | "SHELL", string | undefined>>>;

/**
 * The user that a process is to run as, or undefined when that is the daemon's own. Throws GafferdError `spawn_failed` with
 * the `field` at fault for a name that nobody has, for a number without an entry unless `gid` is given too (such a user
 * has no primary group), and when the daemon is not root.
 */
export function resolveUser(choice: UserChoice): User | undefined {
  return resolve(choice).user;
}

/**
 * The variables that name the user whom a template says, also if that is the daemon's own; none if it says no user. A
 * number without an account has `/` as its home and no name. Throws like `resolveUser`.
 */
export function userVariablesOf(choice: UserChoice): UserVariables {
  return resolve(choice).variables;
}

function resolve(choice: UserChoice): Resolved {
  if (choice.uid === undefined && choice.gid === undefined) return { user: undefined, variables: {} };
  const key = `${choice.uid}:${choice.gid}`;
  const nowMs = performance.now();
  const remembered = known.get(key);
  if (remembered !== undefined && remembered.untilMs > nowMs) return remembered;
  for (const [other, { untilMs }] of known) if (untilMs <= nowMs) known.delete(other);
  const resolved = { user: lookUp(choice), variables: variablesOf(choice), untilMs: nowMs + freshMs };
  known.set(key, resolved);
  return resolved;
}

function variablesOf({ uid }: UserChoice): UserVariables {
  if (uid === undefined) return {};
  const { name, home, shell } = accountOf(uid) ?? { name: undefined, home: "/", shell: "/bin/sh" };
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell };
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

/** The entry of a user, given by name or number. */
function accountOf(user: number | string): Account | undefined {
  return findAccount(numberOf("uid", user) ?? user);
}

function groupIdOf(group: number | string): number {
  const id = findGroupId(numberOf("gid", group) ?? group);
  if (id === undefined) throw unknown("gid", group);
  return id;
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

function unknown(field: "uid" | "gid", value: unknown): GafferdError {
  const kind = kindOf[field];
  return cannotSpawn(`cannot run as ${kind} \`${value}\`: there is no such ${kind}`, { transient: false, field });
}
