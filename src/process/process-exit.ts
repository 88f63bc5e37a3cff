import type { ExitStatus } from "./exit-status.ts";
import { parseSignal } from "../template/signals.ts";

/** How a process ended, and the resources that it used. */
export interface ProcessExit {
  readonly status: ExitStatus;
  /** Unix time. */
  readonly exitedAtMs: number;
  /** The same moment on the clock of `performance.now()`. */
  readonly exitedSteadyMs: number;
  /** User and system time, including that of children that it waited for. */
  readonly cpuMs: number;
  /** The highest memory use that gafferd measured (`usage/peak-memory.ts`). Absent if it exited before the first reading. */
  readonly maxRssBytes?: number;
}

/** The kernel counts pages per CPU and adds them up only from time to time, so two readings of one peak can differ. */
const maxRssToleranceBytes = 1024 * 1024;

/** The exit of a process that Bun has reaped. */
export function toExit(
  subprocess: Bun.Subprocess,
  { ownMaxRssBytes, sampledMaxRssBytes = 0 }: { ownMaxRssBytes: number; sampledMaxRssBytes: number | undefined },
): ProcessExit {
  const usage = subprocess.resourceUsage();
  const reported = usage?.maxRSS ?? 0;
  const maxRssBytes = Math.max(sampledMaxRssBytes, reported > ownMaxRssBytes + maxRssToleranceBytes ? reported : 0);
  return {
    status: statusOf(subprocess),
    exitedAtMs: Date.now(),
    exitedSteadyMs: performance.now(),
    cpuMs: Number(usage?.cpuTime.total ?? 0) / 1000,
    ...(maxRssBytes > 0 && { maxRssBytes }),
  };
}

function statusOf({ exitCode, signalCode }: Bun.Subprocess): ExitStatus {
  if (signalCode === null) return { exitCode: exitCode ?? 0 };
  // Bun has no names for real-time signals and, contrary to its types, returns their numbers.
  const signal: string | number = signalCode;
  return { signal: typeof signal === "number" ? nameOf(signal) : signal };
}

function nameOf(signalNumber: number): string {
  try {
    return parseSignal(signalNumber).name;
  } catch {
    return `SIG${signalNumber}`; // 32 and 33 are reserved for the C library and have no names.
  }
}
