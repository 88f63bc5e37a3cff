import { closeSync, openSync } from "node:fs";
import { libc } from "../libc.ts";

const duplicateFd = 1030; // F_DUPFD_CLOEXEC of Linux.

/** Descriptors of `/dev/null` that keep their low numbers free for processes, highest first. */
const reserved: number[] = [];
let isReserved = false;

/** With few descriptors open, none needs to be reserved; with a small table, none should be. */
const crowdedShare = 1 / 4;
const spaciousFactor = 8;

/**
 * Whether the next descriptor that is opened will be `below` a number. Each process takes one for good, and the kernel
 * gives the lowest. So when a quarter of them is in use and the table has plenty more (`limit`), the rest is reserved, for
 * other files to take higher numbers, and given out one by one.
 */
export function takeLowDescriptor({ below, limit }: { below: number; limit: number }): boolean {
  const lowestFree = probe();
  if (lowestFree === undefined) return false;
  if (!isReserved && lowestFree > below * crowdedShare && limit >= below * spaciousFactor) reserve(below);
  else if (lowestFree < below) return true;
  const released = reserved.pop();
  if (released !== undefined) closeSync(released);
  return released !== undefined;
}

function reserve(below: number): void {
  isReserved = true;
  const nothing = openSync("/dev/null", "r");
  for (;;) {
    const fd = libc().fcntl(nothing, duplicateFd, 0);
    if (fd >= below) closeSync(fd);
    if (fd === -1 || fd >= below) break;
    reserved.push(fd);
  }
  closeSync(nothing);
}

/** Undefined when the table is full. */
function probe(): number | undefined {
  try {
    const fd = openSync("/dev/null", "r");
    closeSync(fd);
    return fd;
  } catch {
    return undefined;
  }
}
