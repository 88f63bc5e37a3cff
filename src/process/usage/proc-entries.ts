import { readFileSync } from "node:fs";
import type { ProcessEntry } from "./process-entry.ts";
import { tryRead, readProcText } from "../proc-file.ts";
import { osPids, statFields } from "../proc-stat.ts";

/** Keys of the auxiliary vector, see getauxval(3). */
const auxPageBytes = 6;
const auxTicksPerSecond = 17;

const pageBytes = auxiliaryValue(auxPageBytes) ?? 4096;
const tickMs = 1000 / (auxiliaryValue(auxTicksPerSecond) ?? 100);

/**
 * Yields every running process; zombies are left out. Each step reads one file of `/proc` and skips a process that has
 * exited since. Throws GafferdError `overloaded` if no file descriptor is free.
 */
export function* procEntries(): Generator<ProcessEntry> {
  const [uptimeSeconds] = (tryRead(() => readFileSync("/proc/uptime", "latin1")) ?? "").split(" ", 1);
  const bootedAtMs = performance.now() - Number(uptimeSeconds) * 1000;
  for (const osPid of tryRead(osPids) ?? []) {
    const stat = tryRead(() => readProcText(`/proc/${osPid}/stat`));
    const entry = stat === undefined ? undefined : parseStat(stat, { bootedAtMs, readAtMs: performance.now() });
    if (entry !== undefined) yield entry;
  }
}

/** Parses `/proc/PID/stat`. Undefined for a zombie. Both times are on the clock of `performance.now()`. */
export function parseStat(
  stat: string,
  { bootedAtMs, readAtMs }: { bootedAtMs: number; readAtMs: number },
): ProcessEntry | undefined {
  const fields = statFields(stat, 26);
  if ("ZXx".includes(fields[0] ?? "X")) return undefined;
  /** Fields have the numbers of proc_pid_stat(5). */
  const field = (number: number) => Number(fields[number - 3]);
  const startedAtMs = field(22) * tickMs;
  return {
    osPid: Number.parseInt(stat, 10),
    parentOsPid: field(4),
    name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")),
    startedAtMs,
    // The start address of the stack, which is random for each exec; 0 if gafferd has no permission to read it.
    image: field(28),
    ageMs: readAtMs - bootedAtMs - startedAtMs,
    readAtMs,
    cpuMs: (field(14) + field(15)) * tickMs,
    nice: field(19),
    threads: field(20),
    vmsBytes: field(23),
    rssBytes: field(24) * pageBytes,
  };
}

/** `/proc/self/auxv` has pairs of a key and a value, each of pointer size: 64 bits on all platforms of Bun. */
function auxiliaryValue(key: number): number | undefined {
  const vector = tryRead(() => readFileSync("/proc/self/auxv"));
  if (vector === undefined) return undefined;
  const pairs = new BigUint64Array(Uint8Array.from(vector).buffer);
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    if (pairs[index] === BigInt(key)) return Number(pairs[index + 1]);
  }
  return undefined;
}
