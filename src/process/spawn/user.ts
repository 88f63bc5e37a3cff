import type { GafferdError } from "../../errors.ts";
import {
  type Account,
  findAccount,
  findGroupId,
  knowsAccounts,
  loadAccounts,
  supplementaryGroupsOf,
} from "../accounts.ts";
import { cannotSpawn } from "./spawn-error.ts";

/** The user that a process runs as. */
export interface User {
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
  /** The supplementary groups, without the primary group. */
  readonly groups: readonly number[];
}

/** The `uid` and `gid` of a template, as names or numbers. */
export interface UserChoice {
  readonly uid?: number | string | undefined;
  readonly gid?: number | string | undefined;
}

const kindOf = { uid: "user", gid: "group" } as const;

/** Long enough for a thousand processes of a template to share one lookup, and short enough to notice a new user soon. */
const cacheMs = 3000;
const cache = new Map<string, Resolved & { readonly untilMs: number }>();

interface Resolved {
  readonly user: User | undefined;
  readonly variables: UserVariables;
}

/** The value of a variable is undefined if it is unknown. The process must not inherit the value of another user. */
type UserVariables = Readonly<Partial<Record<"HOME" | "USER" | "LOGNAME" | "SHELL", string | undefined>>>;

/**
 * Returns the user that a process runs as, or undefined if that is gafferd's own user. Throws GafferdError `spawn_failed`
 * with the `field` at fault if a name is unknown, if a number has no entry and `gid` is not set (such a user has no
 * primary group), or if gafferd is not root.
 */
export function resolveUser(choice: UserChoice): User | undefined {
  return resolve(choice).user;
}

/**
 * Asks the directory services for the user of a template without blocking the event loop, so that `resolveUser` and
 * `userVariablesOf` need not wait for them. Undefined if everything is known. Never rejects.
 */
export function prepareUser({ uid, gid }: UserChoice): Promise<void> | undefined {
  if (uid === undefined && gid === undefined) return undefined;
  if ((cache.get(keyOf({ uid, gid }))?.untilMs ?? 0) > performance.now()) return undefined;
  const user = uid ?? process.geteuid?.() ?? 0;
  return knowsAccounts(user, gid) ? undefined : loadAccounts(user, gid);
}

/**
 * Returns the environment variables that describe the user of a template, even if it is gafferd's own user, or none if
 * the template sets no user. A number without an account gets the home `/` and no name. Throws the errors of
 * `resolveUser`.
 */
export function userVariablesOf(choice: UserChoice): UserVariables {
  return resolve(choice).variables;
}

function resolve(choice: UserChoice): Resolved {
  if (choice.uid === undefined && choice.gid === undefined) return { user: undefined, variables: {} };
  const key = keyOf(choice);
  const nowMs = performance.now();
  const cached = cache.get(key);
  if (cached !== undefined && cached.untilMs > nowMs) return cached;
  for (const [other, { untilMs }] of cache) if (untilMs <= nowMs) cache.delete(other);
  const resolved = { user: lookUp(choice), variables: variablesOf(choice), untilMs: nowMs + cacheMs };
  cache.set(key, resolved);
  return resolved;
}

function keyOf({ uid, gid }: UserChoice): string {
  return `${uid}:${gid}`;
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
    throw cannotSpawn(`cannot run as ${wanted}: gafferd runs as user ${own.uid}, and only root can change users`, {
      transient: false,
      field,
    });
  }
  const groups = entry === undefined || uid === undefined ? [] : supplementaryGroupsOf(entry);
  return { uid: chosenUid, gid: chosenGid, groups: groups.filter((group) => group !== chosenGid) };
}

/** The account of a user, by name or number. */
function accountOf(user: number | string): Account | undefined {
  return findAccount(numberOf("uid", user) ?? user);
}

function groupIdOf(group: number | string): number {
  const id = findGroupId(numberOf("gid", group) ?? group);
  if (id === undefined) throw unknown("gid", group);
  return id;
}

/** Returns the id if `value` is a number or a string of digits. Throws GafferdError `spawn_failed` if it is out of range. */
function numberOf(field: "uid" | "gid", value: number | string): number | undefined {
  const id = typeof value === "number" || /^\d+$/.test(value) ? Number(value) : undefined;
  // The kernel reads the highest number, (uid_t)-1, as "do not change".
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
  return cannotSpawn(`cannot run as ${kind} \`${value}\`: no such ${kind}`, { transient: false, field });
}
