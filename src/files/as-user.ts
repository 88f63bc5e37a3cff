import { ptr } from "bun:ffi";
import { lazyLibc } from "../libc.ts";

/** The ids that decide which files a user may open. */
export interface FileUser {
  readonly uid: number;
  readonly gid: number;
  /** The supplementary groups. */
  readonly groups: readonly number[];
}

const libc = lazyLibc({
  setfsuid: { args: ["u32"], returns: "u32" },
  setfsgid: { args: ["u32"], returns: "u32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  syscall: { args: ["i64", "i64", "ptr"], returns: "i64" },
});

const [getDumpable, setDumpable] = [3, 4];
/** `setgroups` of the C library changes all threads; the system call changes this one. */
const setGroupsCall = process.arch === "arm64" ? 159 : 116;
const invalidId = 2 ** 32 - 1;

/**
 * Calls `open`, which must be synchronous, with the file permissions of `user`; Linux only. Only this thread changes, and
 * it has its own permissions back when the call returns. Throws if gafferd may not change to the user.
 */
export function asUser<T>(user: FileUser, open: () => T): T {
  if (process.platform !== "linux") throw new Error("reading a file as another user needs Linux");
  const { setfsuid, setfsgid, prctl } = libc();
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, groups: process.getgroups?.() ?? [] };
  const isDumpable = prctl(getDumpable, 0, 0, 0, 0) === 1;
  try {
    change(user);
    return open();
  } finally {
    change(own);
    // The kernel clears this flag, without which others of the same user cannot read gafferd's entries in /proc.
    if (isDumpable) prctl(setDumpable, 1, 0, 0, 0);
  }

  function change({ uid, gid, groups }: FileUser): void {
    setGroups(groups);
    setfsgid(gid);
    setfsuid(uid);
    // Neither call reports an error; each returns the current id.
    if (setfsgid(invalidId) === gid && setfsuid(invalidId) === uid) return;
    throw new Error(`cannot change to the file permissions of user ${uid}`);
  }
}

function setGroups(groups: readonly number[]): void {
  // An empty array has no address.
  const list = Uint32Array.from([...groups, 0]);
  if (Number(libc().syscall(setGroupsCall, groups.length, ptr(list))) === 0) return;
  throw new Error("cannot change the supplementary groups of a thread");
}
