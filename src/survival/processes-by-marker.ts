import { readFileSync } from "node:fs";
import { markersIn } from "../process/stop/marker.ts";
import { tryRead } from "../process/proc-file.ts";
import { isAlive, procStatOf, osPids } from "../process/proc-stat.ts";

/** The ids of all processes that carry a marker of any gafferd, by the marker. Reads some files of `/proc` for each process. */
export function findProcessesByMarker(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const osPid of osPids()) {
    const environ = tryRead(() => readFileSync(`/proc/${osPid}/environ`, "latin1")) ?? "";
    for (const marker of markersIn(environ)) {
      const membership = procStatOf(osPid);
      if (membership === undefined || !isAlive(membership)) continue;
      const list = found.get(marker);
      if (list === undefined) found.set(marker, [Number(osPid)]);
      else list.push(Number(osPid));
    }
  }
  return found;
}
