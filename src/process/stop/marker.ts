import { randomBytes } from "node:crypto";

/**
 * The variable in which every process of ours, and whatever it starts in turn, carries whose it is. The kernel shows it
 * in `/proc/PID/environ` even of what has left its group, its session and its parents.
 */
export const markerVariable = "GAFFERD_PROCESS";

/** What becomes of a process when gafferd is killed. */
export type HostExitAction = "end" | "keep";

const run = randomBytes(6).toString("hex");
let last = 0;
let kept = false;

/** `9f3c21aa07de-end.17`: what all markers of this run of the program with that fate begin with. */
export function markerPrefixOf(fate: HostExitAction): string {
  return `${run}-${fate}.`;
}

/** A marker that no other process bears. */
export function createMarker(fate: HostExitAction): string {
  last += 1;
  kept ||= fate === "keep";
  return markerPrefixOf(fate) + last;
}

/**
 * The variable's value for a process: `outer`, which is that of gafferd itself where it runs under another gafferd, and
 * then its own marker.
 */
export function markerValue(marker: string, outer = process.env[markerVariable]): string {
  return outer === undefined || outer === "" ? marker : `${outer} ${marker}`;
}

/** Whether there was ever a process that lives on. */
export function hasKeptProcess(): boolean {
  return kept;
}

/** The markers of this run of the program in the text of a `/proc/PID/environ`. */
export function ownMarkersIn(environ: string): string[] {
  return markersIn(environ).filter((marker) => marker.startsWith(run));
}

/** The markers in the text of a `/proc/PID/environ`, those of the outermost gafferd first. */
export function markersIn(environ: string): string[] {
  const start = `${markerVariable}=`;
  const variable = environ.split("\0").find((each) => each.startsWith(start));
  return variable?.slice(start.length).split(" ") ?? [];
}
