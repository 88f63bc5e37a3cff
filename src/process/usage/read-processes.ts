import type { ProcessDetails, ProcessEntry, ProcessIdentity } from "./process-entry.ts";
import { hasProc } from "../proc-stat.ts";
import { procEntries } from "./proc-entries.ts";
import { psEntries } from "./ps-entries.ts";
import { readDetails } from "./usage.ts";

export type { ProcessEntry, ProcessIdentity };

/**
 * Every process that lives. Each step reads one, some 10 µs, so that who takes them can turn to something else between
 * two. Where there is no `/proc` (macOS), `ps` tells what it can.
 */
export async function readProcesses(): Promise<Iterator<ProcessEntry>> {
  return hasProc ? procEntries() : (await psEntries())[Symbol.iterator]();
}

/** Undefined when the process is gone. `known` is who had its number before. */
export function detailsOf(entry: ProcessEntry, known?: ProcessIdentity): ProcessDetails | undefined {
  return entry.details ?? readDetails(entry, known);
}
