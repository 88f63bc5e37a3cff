import { readFileSync } from "node:fs";
import { readAccountFile } from "./account-file.ts";

/** The owner of a file as messages show it: `user 1000 (app)`. */
export function describeOwner(uid: number): string {
  const name = readAccountFile("/etc/passwd").find(([, , id]) => id === String(uid))?.[0];
  const user = name === undefined ? `user ${uid}` : `user ${uid} (${name})`;
  return isUnmapped(uid) ? `${user}, which may be any user that this user namespace does not map` : user;
}

export function describeGroup(gid: number): string {
  const name = readAccountFile("/etc/group").find(([, , id]) => id === String(gid))?.[0];
  return name === undefined ? `group ${gid}` : `group ${gid} (${name})`;
}

/**
 * Whether root is the only member of a group, so that root's files may be writable by it. Linux only: elsewhere
 * `/etc/passwd` does not have all users.
 */
export function isGroupOfRoot(gid: number): boolean {
  if (process.platform !== "linux") return false;
  const users = readAccountFile("/etc/passwd");
  const primary = users.filter(([, , , group]) => group === String(gid));
  const listed = readAccountFile("/etc/group")
    .filter(([, , id]) => id === String(gid))
    .flatMap(([, , , members = ""]) => members.split(",").filter(Boolean))
    .map((name) => users.find(([user]) => user === name));
  const members = [...primary, ...listed];
  return members.length > 0 && members.every((user) => user?.[2] === "0");
}

/** Whether this number stands for all users of other namespaces; see user_namespaces(7). */
export function isUnmapped(uid: number): boolean {
  try {
    if (uid !== Number(readFileSync("/proc/sys/kernel/overflowuid", "utf8"))) return false;
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
  } catch {
    return false;
  }
}
