import { PathCheck, type PathFault } from "./safe-path.ts";

/**
 * Creates the check of files that decide what gafferd does. Undefined if none is made: gafferd does not run as root, or
 * `insecureFiles` allows all files. Default: what `allowInsecureFiles` has set.
 */
export function createFileCheck(insecureFiles = isInsecureAllowed): PathCheck | undefined {
  return runsAsRoot() && !insecureFiles ? new PathCheck() : undefined;
}

let isInsecureAllowed = false;

/**
 * Sets whether processes of root may use files that other users can change, in this whole program, and returns what was set
 * before. Default: `false`.
 */
export function allowInsecureFiles(isAllowed: boolean): boolean {
  const before = isInsecureAllowed;
  isInsecureAllowed = isAllowed;
  return before;
}

/** Whether gafferd runs as root, so that everybody who can change its files could run commands as root. */
export function runsAsRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** How a user allows what is refused, as messages show it. */
export const allowances = {
  option: "start gafferd with --insecure-files",
  key: "set `insecure_files = true` in [gaffer]",
} as const;

/**
 * Why gafferd does not use a path as root, and what to do: `it belongs to user 1000 (app), who can change what gafferd does
 * as root; run …, or …`.
 */
export function explainFault(path: string, { part, what, remedy }: PathFault, allowance: string): string {
  const isItself = part === path;
  const advice = isItself ? remedy : `move it to a folder of root, ${remedy}`;
  return `${isItself ? "it" : part} ${what}, who can change what gafferd does as root; ${advice}, or ${allowance}`;
}
