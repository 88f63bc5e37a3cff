import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { ownCgroup } from "../../src/process/own-cgroups.ts";
import { waitFor } from "../wait-for.ts";
import type { Hosted } from "./hosted.ts";
import { isRoot } from "./observe.ts";

const mount = readFileSync("/proc/self/mountinfo", "utf8")
  .split("\n")
  .find((line) => line.includes(" - cgroup2 "))
  ?.split(" ")[4];
const own = ownCgroup();
/** The directory of the cgroup (version 2) of this process. Undefined if there is none. */
export const ownFolder = mount === undefined || own === undefined ? undefined : join(mount, own);

/** Whether gafferd can create cgroups on this machine. */
export const hasCgroups = isRoot && ownFolder !== undefined && isWritable(ownFolder);

/** The environment of a gafferd that works as on a system without cgroups. */
export const withoutCgroups = { GAFFERD_CGROUPS: "off" };

/**
 * The directory with the cgroups of a gafferd. Undefined if there is none. Its name has the pid, which an earlier gafferd may
 * have had, and a hash of the `state_dir`.
 */
export function folderOf({ gafferd, stateDir }: Pick<Hosted, "gafferd" | "stateDir">): string | undefined {
  if (ownFolder === undefined) return undefined;
  const ofThis = new RegExp(`_${Bun.hash(stateDir).toString(36)}-${gafferd.osPid}-\\d+$`);
  const name = readdirSync(ownFolder).find((each) => ofThis.test(each));
  return name === undefined ? undefined : join(ownFolder, name);
}

/** The names of the cgroups in the directory of a gafferd. */
export function cgroupsOf(hosted: Pick<Hosted, "gafferd" | "stateDir">): string[] {
  const folder = folderOf(hosted);
  return folder === undefined ? [] : readdirSync(folder).filter((name) => /-(end|keep)\./.test(name));
}

/** Resolves when the directory of a gafferd was removed. */
export async function removalOf(hosted: Pick<Hosted, "gafferd" | "stateDir">): Promise<void> {
  await waitFor(() => folderOf(hosted) === undefined, "the removal of the cgroups");
}

function isWritable(folder: string): boolean {
  const probe = join(folder, `gafferd-test-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch {
    return false;
  }
}
