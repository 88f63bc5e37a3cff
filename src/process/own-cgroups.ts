import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { tryRead } from "./proc-file.ts";

/** Where the kernel shows the cgroups of gafferd. Tests use other places. */
export interface CgroupPlaces {
  readonly file: string;
  readonly mount: string;
}

const systemPlaces: CgroupPlaces = { file: "/proc/self/cgroup", mount: "/sys/fs/cgroup" };

/**
 * The path of gafferd's cgroup in the hierarchy of version 1 that has `controller`, or in that of version 2 without one.
 * Undefined if there is no such hierarchy. Throws GafferdError `overloaded`.
 */
export function ownCgroup(controller = "", { file }: Pick<CgroupPlaces, "file"> = systemPlaces): string | undefined {
  // One hierarchy per line, such as `4:memory:/docker/1`, `2:cpu,cpuacct:/` and, for version 2, `0::/system.slice/a.service`.
  const lines = (tryRead(() => readFileSync(file, "utf8")) ?? "").matchAll(/^\d+:([^:]*):(\/.*)$/gm);
  for (const [, controllers = "", path] of lines) if (controllers.split(",").includes(controller)) return path;
  return undefined;
}

/**
 * The directories of the cgroups whose limits of `controller` apply to gafferd: its own and those above it, the innermost
 * first. Some may not exist: a container sees only a part of them. Throws GafferdError `overloaded`.
 */
export function limitingCgroups(controller: "memory" | "pids", places: CgroupPlaces = systemPlaces): string[] {
  const legacy = ownCgroup(controller, places);
  const root = legacy === undefined ? places.mount : join(places.mount, controller);
  const found: string[] = [];
  for (
    let path = legacy ?? ownCgroup("", places);
    path !== undefined;
    path = path === "/" ? undefined : dirname(path)
  ) {
    found.push(resolve(root, `.${path}`));
  }
  return found;
}
