import { ptr } from "bun:ffi";
import { lazyLibc } from "../libc.ts";

const libc = lazyLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
const bootTimeClock = 7; // CLOCK_BOOTTIME: what the kernel takes the start time of a process from.
/** USER_HZ, the unit of `/proc/PID/stat`. */
const ticksPerSecond = 100;
/** Seconds and nanoseconds. */
const time = new BigInt64Array(2);

/**
 * The time since the boot in clock ticks, as in the start time of `/proc/PID/stat`. Undefined if the system has no such
 * clock. Linux only.
 */
export function bootTicks(): number | undefined {
  if (process.platform !== "linux" || libc().clock_gettime(bootTimeClock, ptr(time)) !== 0) return undefined;
  return Number(time[0]) * ticksPerSecond + Math.floor(Number(time[1]) / (1e9 / ticksPerSecond));
}
