import { totalmem } from "node:os";
import { detailsOf, type ProcessEntry, type ProcessIdentity, readProcesses } from "./read-processes.ts";
import { runInSlices } from "../../slices.ts";

/** All processes that lived when it was read, by the kernel's id. */
export type ProcessTable = ReadonlyMap<number, ProcessEntry>;

/** What a process takes. What the system does not say, or not to us, is undefined. */
export interface ProcessUsage {
  readonly osPid: number;
  /** Of one core: since the baseline, or since its start if that was later or there is no baseline. */
  readonly cpuPercent: number;
  /** Of the machine's memory. */
  readonly memoryPercent: number;
  /** User and system time since its start, without that of its children. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly vmsBytes: number;
  readonly nice: number;
  readonly threads: number | undefined;
  readonly username: string;
  readonly commandLine: string;
  readonly openFds: number | undefined;
  /** From storage, as `writtenBytes` are to it. */
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
  /** Each with its own; their figures are not in those of their parent. */
  readonly children: readonly ProcessUsage[];
}

/** Deeper descendants are left out, so that no chain of processes can overflow a stack, ours or a client's. */
const maxGenerations = 500;

/** The kernel counts time in steps of 10 ms; what is younger has no rate yet. */
const minAgeMs = 10;

/** What a sample is compared with, and what it need not read again. */
export interface EarlierSamples {
  readonly baseline?: ProcessTable | undefined;
  readonly previous?: UsageSample | undefined;
}

/** Reads the table of all processes, in slices. Throws GafferdError `overloaded`. */
export async function takeUsageSample(earlier: EarlierSamples = {}): Promise<UsageSample> {
  const beganAtMs = performance.now();
  const entries = await readProcesses();
  const table = new Map<number, ProcessEntry>();
  await inSlices(() => {
    const { done, value } = entries.next();
    if (done === true) return false;
    table.set(value.osPid, value);
    return true;
  });
  return new UsageSample(table, { ...earlier, beganAtMs });
}

/** What processes took at one moment, with all that descend from them. */
export class UsageSample {
  readonly table: ProcessTable;
  /** `performance.now()`; what was spawned later may be missing. */
  readonly beganAtMs: number;
  readonly #baseline: ProcessTable | undefined;
  readonly #known: ReadonlyMap<number, ProcessIdentity>;
  readonly #identities = new Map<number, ProcessIdentity>();
  readonly #totalBytes = totalmem();
  readonly #children = new Map<number, ProcessEntry[]>();
  /** By the root of the tree; undefined for what vanished while it was read. */
  readonly #usages = new Map<number, ProcessUsage | undefined>();

  constructor(table: ProcessTable, options: EarlierSamples & { beganAtMs: number }) {
    this.table = table;
    this.beganAtMs = options.beganAtMs;
    this.#baseline = options.baseline;
    this.#known = options.previous === undefined ? new Map() : options.previous.#identities;
    for (const entry of table.values()) {
      const siblings = this.#children.get(entry.parentOsPid);
      if (siblings === undefined) this.#children.set(entry.parentOsPid, [entry]);
      else siblings.push(entry);
    }
  }

  /** Reads, in slices, what `usageOf` of each of them will give. */
  async prepare(osPids: readonly number[]): Promise<void> {
    const left = osPids.values();
    await inSlices(() => {
      const { done, value } = left.next();
      if (done !== true) this.usageOf(value);
      return done !== true;
    });
  }

  /** Undefined for a process that did not live, or vanished before it was read whole. */
  usageOf(osPid: number): ProcessUsage | undefined {
    const entry = this.table.get(osPid);
    if (entry !== undefined && !this.#usages.has(osPid)) {
      this.#usages.set(osPid, this.#read(entry, { rootOsPid: osPid, generation: 0 }));
    }
    return this.#usages.get(osPid);
  }

  #read(entry: ProcessEntry, place: { rootOsPid: number; generation: number }): ProcessUsage | undefined {
    const { osPid, cpuMs, rssBytes, vmsBytes, nice, threads } = entry;
    const details = detailsOf(entry, this.#known.get(osPid));
    if (details === undefined) return undefined;
    const { identity, openFds, readBytes, writtenBytes } = details;
    this.#identities.set(osPid, identity);
    return {
      osPid,
      cpuPercent: this.#cpuPercentOf(entry),
      memoryPercent: (rssBytes / this.#totalBytes) * 100,
      cpuMs,
      rssBytes,
      vmsBytes,
      nice,
      threads,
      username: identity.username,
      commandLine: identity.commandLine,
      openFds,
      readBytes,
      writtenBytes,
      children: this.#readChildren(osPid, place),
    };
  }

  #readChildren(osPid: number, place: { rootOsPid: number; generation: number }): ProcessUsage[] {
    const generation = place.generation + 1;
    if (generation > maxGenerations) return [];
    // The table was not read in one instant: a number that changed hands could make the root its own descendant.
    const children = (this.#children.get(osPid) ?? []).filter((child) => child.osPid !== place.rootOsPid);
    return children.flatMap((child) => this.#read(child, { ...place, generation }) ?? []);
  }

  #cpuPercentOf({ osPid, startedAtMs, readAtMs, ageMs, cpuMs }: ProcessEntry): number {
    const before = this.#baseline?.get(osPid);
    if (before !== undefined && before.startedAtMs === startedAtMs) {
      return Math.max(0, ((cpuMs - before.cpuMs) / (readAtMs - before.readAtMs)) * 100);
    }
    return ageMs < minAgeMs ? 0 : (cpuMs / ageMs) * 100;
  }
}

function inSlices(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    runInSlices(() => {
      try {
        return step();
      } catch (error) {
        reject(error);
        return false;
      }
    }, resolve);
  });
}
