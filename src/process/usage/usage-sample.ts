import { totalmem } from "node:os";
import { detailsOf, type ProcessEntry, type ProcessIdentity, readProcesses } from "./read-processes.ts";
import { inSlices } from "../../slices.ts";
import { addToMultimap } from "../multimap.ts";

/** All processes that were running when the table was read, by pid. */
export type ProcessTable = ReadonlyMap<number, ProcessEntry>;

/** The resource usage of a process. Undefined values are those that the system does not provide, or denies access to. */
export interface ProcessUsage {
  readonly osPid: number;
  /** Percent of one core since the baseline, or since the start of the process if there is no baseline or it is older. */
  readonly cpuPercent: number;
  /** Percent of the machine's memory. */
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
  /** Bytes read from storage. */
  readonly readBytes: number | undefined;
  /** Bytes written to storage. */
  readonly writtenBytes: number | undefined;
  /** The child processes. The values of a process do not include those of its children. */
  readonly children: readonly ProcessUsage[];
}

/** Deeper descendants are left out, so that a long chain of processes cannot overflow the stack of gafferd or a client. */
const maxGenerations = 500;

/** The kernel counts CPU time in steps of 10 ms. A younger process has a rate of 0. */
const minAgeMs = 10;

/** Earlier samples: `baseline` for CPU rates, `previous` for identities that need not be read again. */
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

/** The resource usage of processes and their descendants at one moment. */
export class UsageSample {
  readonly table: ProcessTable;
  /** On the clock of `performance.now()`. Processes that were spawned later may be missing. */
  readonly beganAtMs: number;
  readonly #baseline: ProcessTable | undefined;
  readonly #known: ReadonlyMap<number, ProcessIdentity>;
  readonly #identities = new Map<number, ProcessIdentity>();
  readonly #totalBytes = totalmem();
  readonly #children = new Map<number, ProcessEntry[]>();
  /** By the pid of the root. Undefined if the process exited while it was read. */
  readonly #usages = new Map<number, ProcessUsage | undefined>();

  constructor(table: ProcessTable, options: EarlierSamples & { beganAtMs: number }) {
    this.table = table;
    this.beganAtMs = options.beganAtMs;
    this.#baseline = options.baseline;
    this.#known = options.previous === undefined ? new Map() : options.previous.#identities;
    for (const entry of table.values()) addToMultimap(this.#children, entry.parentOsPid, entry);
  }

  /** Reads the usage of each process in slices, so that `usageOf` can return it. */
  async prepare(osPids: readonly number[]): Promise<void> {
    const remaining = osPids.values();
    await inSlices(() => {
      const { done, value } = remaining.next();
      if (done !== true) this.usageOf(value);
      return done !== true;
    });
  }

  /** Undefined if the process was not running, or exited before it was read completely. */
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
    // The table is not read in one instant: a pid that was reused meanwhile could make the root its own descendant.
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
