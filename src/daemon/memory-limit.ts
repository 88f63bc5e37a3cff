import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { type CgroupPlaces, limitingCgroups } from "../process/own-cgroups.ts";
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

/**
 * The memory that gafferd may use, in bytes: the lowest limit of its cgroup (v1 or v2) and the cgroups above it, at most
 * the memory of the machine.
 */
export function availableMemory(places?: CgroupPlaces): number {
  const limits = limitingCgroups("memory", places).flatMap((cgroup) => {
    const text = readText(join(cgroup, "memory.max")) ?? readText(join(cgroup, "memory.limit_in_bytes"));
    // `max` is no limit. Version 1 has a huge number instead.
    return /^\d+$/.test(text?.trim() ?? "") ? [Number(text)] : [];
  });
  return Math.min(totalmem(), ...limits);
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
