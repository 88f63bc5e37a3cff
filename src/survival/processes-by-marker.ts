import { environOf } from "../process/environ.ts";
import { markersIn } from "../process/stop/marker.ts";
import { addToMultimap } from "../process/multimap.ts";
import { isAlive, procStatOf, osPids } from "../process/proc-stat.ts";

/** Finds the running processes with a marker of any gafferd in their environment, by marker. Scans all of `/proc`. */
export function findProcessesByMarker(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const osPid of osPids()) {
    for (const marker of markersIn(environOf(osPid) ?? "")) {
      const stat = procStatOf(osPid);
      if (stat !== undefined && isAlive(stat)) addToMultimap(found, marker, Number(osPid));
    }
  }
  return found;
}
