import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Logger } from "../log.ts";
import { OutputMemory } from "../output/output-memory.ts";

/** How often the log may say that the memory of the outputs is short. */
const warningPauseMs = 60_000;

/** The memory of all outputs. Warns, once a minute at most, when a ring is smaller than its `output_buffer`. */
export function createOutputMemory({ limit, log }: { limit: number | undefined; log: Logger }): OutputMemory {
  let nextWarningMs = 0;
  return new OutputMemory(limit ?? Math.floor(availableMemory() / 4), ({ name, capacity, limit: reached }) => {
    if (performance.now() < nextWarningMs) return;
    nextWarningMs = performance.now() + warningPauseMs;
    log.warn(
      `\`${name}\`: an output keeps its last ${inUnits(capacity)} only, because all outputs together have reached ` +
        `\`memory_limit\` (${inUnits(reached)}); raise it in [gaffer], or lower \`output_buffer\``,
    );
  });
}

/** Where the kernel tells the limits of cgroups. Tests use another folder. */
export interface MemoryPlaces {
  readonly cgroupFile: string;
  readonly cgroupRoot: string;
}

/**
 * The memory that gafferd may use, in bytes: the lowest limit of its cgroup (v1 or v2) and the cgroups above it, at most
 * the memory of the machine.
 */
export function availableMemory(
  { cgroupFile, cgroupRoot }: MemoryPlaces = { cgroupFile: "/proc/self/cgroup", cgroupRoot: "/sys/fs/cgroup" },
): number {
  const limits = (readText(cgroupFile) ?? "").split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === "" && path !== undefined) {
      // With v1 beside it, v2 is mounted one folder lower and has no limits of memory.
      return limitsFrom(cgroupRoot, path, "memory.max");
    }
    const isMemory = controllers?.split(",").includes("memory") === true && path !== undefined;
    return isMemory ? limitsFrom(join(cgroupRoot, "memory"), path, "memory.limit_in_bytes") : [];
  });
  return Math.min(totalmem(), ...limits);
}

/** The limits of the cgroup `path` and all above it. In a container the path may lie outside of what is mounted. */
function limitsFrom(root: string, path: string, file: string): number[] {
  const text = readText(join(root, path, file))?.trim();
  // `max` is no limit. Version 1 has a huge number instead.
  const own = text !== undefined && /^\d+$/.test(text) ? [Number(text)] : [];
  return path === "/" ? own : [...own, ...limitsFrom(root, dirname(path), file)];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function inUnits(bytes: number): string {
  return bytes < 1024 ** 2 ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;
}
