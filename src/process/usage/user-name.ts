import { readFileSync, statSync } from "node:fs";

const freshMs = 1000;
let names: ReadonlyMap<number, string> = new Map();
let version = "";
let checkAtMs = 0;

/**
 * The user's name in `/etc/passwd`, else the number: a directory service is not asked, since that may take seconds. A
 * change of the file is seen within a second.
 */
export function userName(uid: number): string {
  if (performance.now() >= checkAtMs) {
    checkAtMs = performance.now() + freshMs;
    refresh();
  }
  return names.get(uid) ?? String(uid);
}

function refresh(): void {
  try {
    const { mtimeMs, ino, size } = statSync("/etc/passwd");
    const current = `${mtimeMs}:${ino}:${size}`;
    if (current === version) return;
    names = parseNames(readFileSync("/etc/passwd", "utf8"));
    version = current;
  } catch {
    // There is none, or it is being replaced: the names that were known stay.
  }
}

/** `root:x:0:0:root:/root:/bin/sh`; the first of several names of a number counts. */
function parseNames(passwd: string): Map<number, string> {
  const parsed = new Map<number, string>();
  for (const line of passwd.split("\n")) {
    const [name = "", , uid = ""] = line.split(":", 3);
    if (/^\d+$/.test(uid) && !parsed.has(Number(uid))) parsed.set(Number(uid), name);
  }
  return parsed;
}
