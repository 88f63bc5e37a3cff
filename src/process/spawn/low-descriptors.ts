import { closeSync, openSync } from "node:fs";
import { libc } from "../libc.ts";

const duplicateFd = 1030; // F_DUPFD_CLOEXEC of Linux.

/** Open descriptors of `/dev/null` that reserve low numbers for processes. The last one is released first. */
const reserved: number[] = [];
let isReserved = false;

/** Reserve only if more than this share of the low descriptors is in use, and the descriptor table is this much larger. */
const crowdedShare = 1 / 4;
const spaciousFactor = 8;

/**
 * Makes sure that the next descriptor to be opened is `below` a number, and returns whether it is. Each process keeps one
 * descriptor, and the kernel assigns the lowest free number. When a quarter of the numbers is in use and the table is much
 * larger (`limit`), this function reserves the remaining low numbers, so that other files get higher ones, and releases
 * one per call.
 */
export function takeLowDescriptor({ below, limit }: { below: number; limit: number }): boolean {
  const lowestFree = findLowestFree();
  if (lowestFree === undefined) return false;
  if (!isReserved && lowestFree > below * crowdedShare && limit >= below * spaciousFactor) reserve(below);
  else if (lowestFree < below) return true;
  const released = reserved.pop();
  if (released !== undefined) closeSync(released);
  return released !== undefined;
}

function reserve(below: number): void {
  isReserved = true;
  const devNull = openSync("/dev/null", "r");
  for (;;) {
    const fd = libc().fcntl(devNull, duplicateFd, 0);
    if (fd >= below) closeSync(fd);
    if (fd === -1 || fd >= below) break;
    reserved.push(fd);
  }
  closeSync(devNull);
}

/** The lowest free descriptor, or undefined if the table is full. */
function findLowestFree(): number | undefined {
  try {
    const fd = openSync("/dev/null", "r");
    closeSync(fd);
    return fd;
  } catch {
    return undefined;
  }
}
