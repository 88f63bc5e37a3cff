import { readFileSync } from "node:fs";

/** USER_HZ, the same on every architecture that Bun supports. */
const ticksPerSecond = 100;

/** User and system time that a process has used, in seconds, without its children. */
export function cpuSeconds(osPid: number): number {
  const stat = readFileSync(`/proc/${osPid}/stat`, "latin1");
  // `1234 (comm) S ppid …`: utime and stime are fields 14 and 15; the first field after the name is field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory in bytes, counted page by page: the sums in `stat` and `statm` lag behind on several cores. */
export function rssBytes(osPid: number): number {
  const [, kib = ""] = /^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${osPid}/smaps_rollup`, "latin1")) ?? [];
  return Number(kib) * 1024;
}

/** Whether the process exists and is not a zombie. */
export function isRunning(osPid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${osPid}/stat`, "latin1");
    return !["Z", "X"].includes(stat.charAt(stat.lastIndexOf(")") + 2));
  } catch {
    return false; // ENOENT, or ESRCH if it ended between open and read.
  }
}

/** Unread bytes in the kernel for each client of a server on an IPv4 address. */
export function sendQueues(url: string): number[] {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
  // `  1: 0100007F:A1B2 0100007F:C3D4 01 00000000:00000000 …`: addresses of both ends, state, send and receive queue.
  const established = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port} \\S+ 01 ([0-9A-F]+):`, "gm");
  const matches = readFileSync("/proc/net/tcp", "latin1").matchAll(established);
  return Array.from(matches, ([, queue = ""]) => Number.parseInt(queue, 16));
}
