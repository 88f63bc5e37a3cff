import { closeSync, openSync, readFileSync } from "node:fs";

/** What the descriptors are for. */
export type DescriptorUse = "process" | "stream";

/**
 * How many descriptors at the end of the table each use leaves free: `most`, or this `share` of a small table. Streams
 * leave some for short requests, processes for streams and requests. So you can still query gafferd and stop processes
 * when too many of them are wanted.
 */
const reserves: Readonly<Record<DescriptorUse, { readonly most: number; readonly share: number }>> = {
  process: { most: 32, share: 1 / 4 },
  stream: { most: 8, share: 1 / 16 },
};

/** The soft limit as last read. Other programs can change it (`prlimit`). */
let limit = 0;

/**
 * Whether `use` may open more descriptors. The kernel hands out the lowest free number, which shows how full the table
 * is. Where the limit cannot be read, as on macOS, nothing is reserved.
 */
export function hasDescriptorsFor(use: DescriptorUse): boolean {
  const lowestFree = findLowestFree();
  if (lowestFree === undefined) return false;
  if (lowestFree < limit - reserveFor(use)) return true;
  limit = readLimit() ?? 0;
  return limit === 0 || lowestFree < limit - reserveFor(use);
}

function reserveFor(use: DescriptorUse): number {
  const { most, share } = reserves[use];
  return Math.min(most, Math.floor(limit * share));
}

/** Undefined if no descriptor is free. */
function findLowestFree(): number | undefined {
  try {
    const descriptor = openSync("/dev/null", "r");
    closeSync(descriptor);
    return descriptor;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EMFILE" || code === "ENFILE" ? undefined : 0;
  }
}

/** Reads the row `Max open files  1024  8192  files`; see proc(5). */
function readLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined; // Not Linux.
  }
}
