import { readFileSync } from "node:fs";
import { osPids } from "../../../src/process/proc-stat.ts";
import { lives } from "../observe.ts";

/** The arguments of a process. Empty if it has exited. */
export function commandLineOf(osPid: number | string): string[] {
  try {
    return readFileSync(`/proc/${osPid}/cmdline`, "latin1").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** The command lines of all running processes. */
export function commandLines(): string[][] {
  return osPids()
    .filter((osPid) => lives(Number(osPid)))
    .map(commandLineOf);
}

/** Counts the running `sleep`s by their seconds, for seconds that start with `prefix`. */
export function countSleeps(prefix: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [program = "", seconds = ""] of commandLines()) {
    if (program === "sleep" && seconds.startsWith(prefix)) counts.set(seconds, (counts.get(seconds) ?? 0) + 1);
  }
  return counts;
}
