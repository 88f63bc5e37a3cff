import { readFileSync } from "node:fs";
import { markersIn } from "../process/stop/marker.ts";
import { addToMultimap } from "../process/multimap.ts";
import { tryRead } from "../process/proc-file.ts";
import { isAlive, procStatOf, osPids } from "../process/proc-stat.ts";

/** Finds the running processes with a marker of any gafferd in their environment, by marker. Scans all of `/proc`. */
export function findProcessesByMarker(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const osPid of osPids()) {
    const environ = tryRead(() => readFileSync(`/proc/${osPid}/environ`, "latin1")) ?? "";
    for (const marker of markersIn(environ)) {
      const stat = procStatOf(osPid);
      if (stat !== undefined && isAlive(stat)) addToMultimap(found, marker, Number(osPid));
    }
  }
  return found;
}
