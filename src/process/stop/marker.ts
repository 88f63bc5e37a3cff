import { randomBytes } from "node:crypto";

/**
 * The environment variable that identifies a process of gafferd and all its descendants. The kernel shows it in
 * `/proc/PID/environ`, even after a process has left its process group and session and has lost its parent.
 */
export const markerVariable = "GAFFERD_PROCESS";

/** What happens to a process when gafferd is killed: it is stopped, or it keeps running. */
export type HostExitAction = "end" | "keep";

/** Identifies this run of gafferd. */
const runId = randomBytes(6).toString("hex");
let last = 0;
let hasKept = false;

/** `9f3c21aa07de-end.`: the common prefix of all markers of this run of gafferd with that action. */
export function markerPrefixOf(action: HostExitAction): string {
  return `${runId}-${action}.`;
}

/** Creates a unique marker, such as `9f3c21aa07de-end.17`. */
export function createMarker(action: HostExitAction): string {
  last += 1;
  hasKept ||= action === "keep";
  return markerPrefixOf(action) + last;
}

/**
 * The value of the variable for a process. If gafferd runs under another gafferd, its own value (`outer`) comes first,
 * then the marker of the process.
 */
export function markerValue(marker: string, outer = process.env[markerVariable]): string {
  return outer === undefined || outer === "" ? marker : `${outer} ${marker}`;
}

/** Whether this run of gafferd has ever started a process with the action `keep`. */
export function hasKeptProcess(): boolean {
  return hasKept;
}

/** The markers of this run of gafferd in the text of `/proc/PID/environ`. */
export function ownMarkersIn(environ: string): string[] {
  return markersIn(environ).filter((marker) => marker.startsWith(runId));
}

/** All markers in the text of `/proc/PID/environ`. The marker of the outermost gafferd comes first. */
export function markersIn(environ: string): string[] {
  const start = `${markerVariable}=`;
  const variable = environ.split("\0").find((each) => each.startsWith(start));
  return variable?.slice(start.length).split(" ") ?? [];
}
