import { readFileSync } from "node:fs";
import { join } from "node:path";
import { limitingCgroups } from "../process/own-cgroups.ts";
import type { EndFacts } from "./ended-by.ts";

/** Where the kernel counts the processes that it killed because memory was short. Tests use other files. */
export interface OomPlaces {
  /** Of gafferd's cgroup and those below it; the first that exists. */
  readonly ofCgroup: readonly string[];
  readonly ofMachine: string;
}

/** Notices the kills of the kernel. Counters that do not exist on this system are undefined. */
export class OomKills {
  readonly #places: OomPlaces;
  #inCgroup: number | undefined;
  #onMachine: number | undefined;
  /** Kills that no exit was attributed to yet. */
  #unclaimed = 0;

  constructor(places: OomPlaces = systemPlaces()) {
    this.#places = places;
    this.#inCgroup = this.#readCgroup();
    this.#onMachine = readCounter(places.ofMachine);
  }

  /** Whether the kernel has killed a process for memory. Call once for each process that SIGKILL ended. */
  claim(): EndFacts["outOfMemory"] {
    const [inCgroup, onMachine] = [this.#readCgroup(), readCounter(this.#places.ofMachine)];
    this.#unclaimed += Math.max(0, (inCgroup ?? 0) - (this.#inCgroup ?? Infinity));
    const isSomewhere = (onMachine ?? 0) > (this.#onMachine ?? Infinity);
    [this.#inCgroup, this.#onMachine] = [inCgroup, onMachine];
    if (this.#unclaimed > 0) {
      this.#unclaimed -= 1;
      return "in its cgroup";
    }
    // The counter of the machine includes other containers.
    if (isSomewhere) return inCgroup === undefined ? "somewhere" : "no";
    return inCgroup === undefined && onMachine === undefined ? "unknown" : "no";
  }

  #readCgroup(): number | undefined {
    for (const place of this.#places.ofCgroup) {
      const count = readCounter(place);
      if (count !== undefined) return count;
    }
    return undefined;
  }
}

function systemPlaces(): OomPlaces {
  const own = ownMemoryCgroup();
  // Version 2 and version 1.
  const ofCgroup = own === undefined ? [] : [join(own, "memory.events"), join(own, "memory.oom_control")];
  return { ofCgroup, ofMachine: "/proc/vmstat" };
}

function ownMemoryCgroup(): string | undefined {
  try {
    return limitingCgroups("memory")[0];
  } catch {
    return undefined; // No descriptor is free.
  }
}

function readCounter(path: string): number | undefined {
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync(path, "latin1")) ?? [];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined; // It does not exist, or no descriptor is free.
  }
}
