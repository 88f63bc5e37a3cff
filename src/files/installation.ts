import { realpathSync, statSync } from "node:fs";

/** The folder of gafferd's own code, without links, and who can change that code. */
export interface Installation {
  readonly folder: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const ownPlace = "/src/files/installation.ts";
let found: Installation | "none" | undefined;

/** Undefined for a gafferd that is compiled, or bundled into another program. */
export function ownInstallation(): Installation | undefined {
  found ??= findInstallation() ?? "none";
  return found === "none" ? undefined : found;
}

function findInstallation(): Installation | undefined {
  try {
    const path = realpathSync(import.meta.path);
    if (!path.endsWith(ownPlace)) return undefined;
    const { uid, gid, mode } = statSync(path);
    return { folder: path.slice(0, -ownPlace.length), uid, gid, mode };
  } catch {
    return undefined;
  }
}
