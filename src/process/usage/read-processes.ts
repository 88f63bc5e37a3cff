import type { ProcessDetails, ProcessEntry, ProcessIdentity } from "./process-entry.ts";
import { hasProc } from "../proc-stat.ts";
import { procEntries } from "./proc-entries.ts";
import { psEntries } from "./ps-entries.ts";
import { readDetails } from "./usage.ts";

export type { ProcessEntry, ProcessIdentity };

/**
 * Iterates over all running processes. Each step reads one process in about 10 µs, so the caller can yield to the event
 * loop between steps. Uses `ps` on systems without `/proc` (macOS).
 */
export async function readProcesses(): Promise<Iterator<ProcessEntry>> {
  return hasProc ? procEntries() : (await psEntries())[Symbol.iterator]();
}

/** Undefined if the process has exited. `known` is the identity that was last read for this pid. */
export function detailsOf(entry: ProcessEntry, known?: ProcessIdentity): ProcessDetails | undefined {
  return entry.details ?? readDetails(entry, known);
}
