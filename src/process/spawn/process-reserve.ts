import { ptr } from "bun:ffi";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lazyLibc } from "../../libc.ts";
import { limitingCgroups } from "../own-cgroups.ts";
import { tryRead } from "../proc-file.ts";

/**
 * How many processes and threads at the end of a limit are left to gafferd itself, its guardian and the programs that they
 * run: `most`, or this `share` of a small limit. So you can still use gafferd when too many processes are wanted.
 */
const reserve = { most: 16, share: 1 / 8 };

const libc = lazyLibc({
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
});
const resource = 6; // RLIMIT_NPROC on Linux.
const [infinite, limits] = [2n ** 64n - 1n, new BigUint64Array(2)];

/**
 * Calls `spawn`, which starts one process, so that it fails with EAGAIN where it would take a process of the reserve. The
 * kernel does the counting: `spawn` runs under a lower soft limit of processes (`ulimit -S -u`), which the process inherits,
 * so that its descendants leave the reserve as well. The limit does not apply to root; that of a cgroup applies to all.
 */
export function withinReserve<Result>(spawn: () => Result): Result {
  if (process.platform !== "linux") return spawn();
  if (!hasRoomInCgroups()) throw Object.assign(new Error("few processes are left"), { code: "EAGAIN" });
  if (process.geteuid?.() === 0 || libc().getrlimit(resource, ptr(limits)) !== 0) return spawn();
  const soft = limits[0] ?? infinite;
  if (soft === infinite) return spawn();
  limits[0] = soft - BigInt(reserveOf(Number(soft)));
  if (libc().setrlimit(resource, ptr(limits)) !== 0) return spawn();
  try {
    return spawn();
  } finally {
    limits[0] = soft;
    libc().setrlimit(resource, ptr(limits));
  }
}

export function reserveOf(limit: number): number {
  return Math.min(reserve.most, Math.floor(limit * reserve.share));
}

/** While this many are free, the cgroups are not looked at again for a moment. */
const [plenty, momentMs] = [512, 50];
let nextLookMs = 0;
let cgroups: readonly string[] | undefined;

function hasRoomInCgroups(): boolean {
  cgroups ??= limitingCgroups("pids").filter((cgroup) => existsSync(join(cgroup, "pids.max")));
  if (cgroups.length === 0) return true;
  const nowMs = performance.now();
  if (nowMs < nextLookMs) return true;
  const room = Math.min(...cgroups.map(roomIn));
  if (room >= plenty) nextLookMs = nowMs + momentMs;
  return room > 0;
}

/** How many processes may start in a cgroup without its reserve; infinite if it has no limit. */
export function roomIn(cgroup: string): number {
  const read = (name: string) => tryRead(() => readFileSync(join(cgroup, name), "latin1").trim());
  const max = Number(read("pids.max") ?? "max");
  return Number.isNaN(max) ? Infinity : max - reserveOf(max) - Number(read("pids.current") ?? 0);
}
