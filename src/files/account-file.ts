import { readFileSync, statSync } from "node:fs";

/** The fields of each line. */
export type AccountEntries = readonly (readonly string[])[];

const files = new Map<string, { readonly version: string; readonly entries: AccountEntries }>();

/**
 * The lines of the user or group database that is in a file. Rereads it when it has changed, and otherwise returns the same
 * array; keeps the last entries if it cannot be read.
 */
export function readAccountFile(file: "/etc/passwd" | "/etc/group"): AccountEntries {
  const known = files.get(file);
  try {
    const { mtimeMs, ino, size } = statSync(file);
    const version = `${mtimeMs}:${ino}:${size}`;
    if (known?.version === version) return known.entries;
    const entries = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(":"));
    files.set(file, { version, entries });
    return entries;
  } catch {
    return known?.entries ?? [];
  }
}
