import { RankCounter } from "../output/rank-counter.ts";
import { Ring } from "../output/ring.ts";
import type { OutputProcess, OutputSource } from "../reading/output-source.ts";
import { DroppedOutput } from "../supervisor/dropped-output.ts";
import { parseTemplate } from "../template/schema.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { Block } from "./block.ts";
import type { EndedTotals, OutputPart, ProcessRecord } from "./block-meta.ts";

/** More than a block and the beginning of a line that a reader has not read. */
const ringBytes = 4 * 1024 * 1024;
/** The number of exited processes that are kept, as by a supervisor. */
const keptExits = 10;

export interface ReplaySourceOptions {
  readonly name: string;
  /** The boot, if it is an earlier one; absent for this run of the daemon. */
  readonly boot: string | undefined;
  readonly serial: number;
  /** Reads only this process. */
  readonly processId: number | undefined;
}

/** A process that a block describes. */
interface ReplayedProcess {
  readonly id: number;
  readonly osPid: number;
  readonly slot: number;
  readonly startedAtMs: number;
  readonly template: ProcessTemplate;
  readonly rings: Map<string, Ring>;
  state: "running" | "exited";
  spawnRank: number | undefined;
  exitRank: number | undefined;
  exit: OutputProcess["exit"];
}

/**
 * The outputs of one boot of a template, as they were: blocks write them to rings with the same positions, ranks and times, so
 * that a reader gets the same items with the same ids as it did then.
 */
export class ReplaySource implements OutputSource {
  /** It ends when the reader of the journal says so. */
  readonly isOpen = true;
  readonly isAtRest = false;
  readonly isGone = false;
  readonly boot?: string;
  readonly ranks: RankCounter;
  readonly processId: number | undefined;
  readonly dropped = new DroppedOutput();
  readonly #template: ProcessTemplate;
  readonly #processes = new Map<number, ReplayedProcess>();
  readonly #listeners = new Set<() => void>();
  /** Bytes that were written before the first block that was applied, by label. */
  #missing = new Map<string, number>();
  #hasBegun = false;
  #isClosed = false;

  constructor({ name, boot, serial, processId }: ReplaySourceOptions) {
    if (boot !== undefined) this.boot = boot;
    this.ranks = new RankCounter(serial);
    this.processId = processId;
    // Its name may be that of a run.
    this.#template = { ...parseTemplate({ name: "none", cmd: "none" }, { defaultCwd: "/" }), name };
  }

  processes(): readonly OutputProcess[] {
    return [...this.#processes.values()];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the last block was the last of the template: nothing is missing after it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many bytes were written to the output with this label, or all outputs, before the first block. */
  missing(label: string | undefined): number {
    if (label !== undefined) return this.#missing.get(label) ?? 0;
    return this.#missing.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Whether bytes before the block are lost. The reader must have read everything before such a block is applied. */
  skips({ meta }: Block): boolean {
    const isBeyond = (pid: number, index: number, position: number) => {
      const ring = this.#ringOf(pid, index);
      return ring !== undefined && position > ring.head;
    };
    return (
      meta.outputs.some(({ pid, index, at }) => isBeyond(pid, index, at)) ||
      meta.ends.some(({ pid, index, head }) => isBeyond(pid, index, head - bytesIn(meta.outputs, pid, index)))
    );
  }

  /** Adds what a block contains. What earlier blocks had is skipped. */
  apply({ meta, data }: Block): void {
    if (meta.segment !== undefined && !this.#hasBegun) this.#begin(meta.segment.ended, meta.processes);
    this.#hasBegun = true;
    for (const record of meta.processes) this.#add(record);
    let offset = 0;
    for (const part of meta.outputs) {
      this.#write(part, data.subarray(offset, offset + part.length));
      offset += part.length;
    }
    for (const { pid, rank } of meta.spawns) {
      const process = this.#processes.get(pid);
      if (process !== undefined) process.spawnRank = rank;
    }
    for (const { pid, index, head, rank } of meta.ends) this.#end(this.#ringOf(pid, index), head, rank);
    for (const { pid, rank, status, exitedAt, cpuMs } of meta.exits) {
      const process = this.#processes.get(pid);
      if (process === undefined) continue;
      process.exit = { status, exitedAtMs: exitedAt, exitedSteadyMs: exitedAt, cpuMs };
      process.exitRank = rank;
      process.state = "exited";
    }
    this.ranks.next = Math.max(this.ranks.next, meta.to);
    this.#isClosed = meta.closed === true;
    for (const listener of this.#listeners) listener();
  }

  /** Forgets processes whose exit the reader has read, except the last few. */
  prune(): void {
    const exited = [...this.#processes.values()].filter(({ exitRank }) => exitRank !== undefined);
    for (const process of exited.slice(0, -keptExits)) {
      this.#processes.delete(process.id);
      this.dropped.add(process);
    }
  }

  #begin(ended: EndedTotals, processes: readonly ProcessRecord[]): void {
    if (this.processId === undefined) {
      this.dropped.addTotals(ended);
      this.#missing = new Map(Object.entries(ended.bytes));
    }
    for (const { pid, labels, positions } of processes) {
      if (this.processId !== undefined && pid !== this.processId) continue;
      labels.forEach((label, index) =>
        this.#missing.set(label, (this.#missing.get(label) ?? 0) + (positions[index] ?? 0)),
      );
    }
  }

  #add({ pid, osPid, slot, startedAt, labels, positions, ends, spawnRank }: ProcessRecord): void {
    if (this.#processes.has(pid)) return;
    if (this.processId !== undefined && pid !== this.processId) return;
    const rings = new Map<string, Ring>();
    labels.forEach((label, index) => {
      const ring = new Ring(ringBytes, this.ranks);
      ring.skip(positions[index] ?? 0);
      rings.set(label, ring);
      const end = ends[index] ?? null;
      if (end !== null) this.#end(ring, ring.head, end);
    });
    const template = { ...this.#template, redirectOutput: labels };
    this.#processes.set(pid, {
      id: pid,
      osPid,
      slot,
      startedAtMs: startedAt,
      template,
      rings,
      state: "running",
      spawnRank: spawnRank ?? undefined,
      exitRank: undefined,
      exit: undefined,
    });
  }

  #write({ pid, index, at, length, runs, times }: OutputPart, bytes: Buffer): void {
    const ring = this.#ringOf(pid, index);
    if (ring === undefined || ring.ended) return;
    if (at > ring.head) ring.skip(at);
    const end = at + length;
    let run = 0;
    let time = 0;
    for (let from = at; from < end;) {
      while ((runs[run + 1]?.[0] ?? end) <= from) run += 1;
      while ((times[time + 1]?.[0] ?? end) <= from) time += 1;
      const to = Math.min(end, runs[run + 1]?.[0] ?? end, times[time + 1]?.[0] ?? end);
      const start = Math.max(from, ring.head);
      const [runAt, rank] = runs[run] ?? [at, 0];
      const unixMs = times[time]?.[1] ?? 0;
      if (start < to) {
        this.ranks.next = rank + start - runAt;
        ring.write(bytes.subarray(start - at, to - at), { unixMs, steadyMs: Math.max(unixMs, ring.lastWriteMs) });
      }
      from = to;
    }
  }

  #end(ring: Ring | undefined, head: number, rank: number): void {
    if (ring === undefined || ring.ended) return;
    if (head > ring.head) ring.skip(head);
    this.ranks.next = rank;
    ring.end();
  }

  #ringOf(pid: number, index: number): Ring | undefined {
    return this.#processes.get(pid)?.rings.values().drop(index).next().value;
  }
}

/** The bytes of one output in a block. */
function bytesIn(outputs: readonly OutputPart[], pid: number, index: number): number {
  return outputs.reduce((sum, part) => (part.pid === pid && part.index === index ? sum + part.length : sum), 0);
}
