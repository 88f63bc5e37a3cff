import { Cursor } from "../output/cursor.ts";
import type { Ring } from "../output/ring.ts";
import type { OutputProgress } from "./output-progress.ts";
import { type OutputGap, type OutputProcess, type OutputSource, sizeOfGap } from "./output-source.ts";
import type { StartingPoint } from "./output-resume.ts";
import { OutputTrack } from "./output-track.ts";

export interface FollowedOutputsOptions {
  /** Reads only the outputs with this label; default: all outputs. */
  readonly label?: string;
  /** The process waits for this reader, for at most the `lossless_timeout` of the template. */
  readonly lossless?: boolean;
  /** If the reader is lossless, bytes that were read are kept until `release`; default `false`. */
  readonly holdsTaken?: boolean;
  /** If the reader is lossless, half a ring of read bytes is kept, so that it can resume there; default `false`. */
  readonly keepsBehind?: boolean;
  /** Called when there may be something to read. It must return immediately. */
  readonly onReady: () => void;
  /** Called when a process has waited too long for this lossless reader. */
  readonly onCutOff?: (process: OutputProcess) => void;
}

/** A spawn, or an exit. The exit is the last item of its process. */
export type ProcessEvent =
  | { readonly kind: "spawn"; readonly process: OutputProcess }
  | { readonly kind: "exit"; readonly process: OutputProcess };

interface Followed {
  readonly process: OutputProcess;
  readonly outputs: readonly OutputTrack[];
}

/**
 * The outputs that a reader follows while processes of the source start and exit, with the spawns, exits and gaps that were
 * not read yet. The caller must `close` it.
 */
export class FollowedOutputs {
  readonly #source: OutputSource;
  readonly #options: FollowedOutputsOptions;
  readonly #progress: OutputProgress;
  /** The processes whose exit was not read yet, by id. */
  readonly #followed = new Map<number, Followed>();
  readonly #readable = new Set<OutputTrack>();
  /** Processes whose spawn was not read yet, in the order of their ranks. */
  #spawned: OutputProcess[] = [];
  /** Processes whose spawn was not read and has no rank yet. */
  readonly #unranked = new Set<OutputProcess>();
  #exited: OutputProcess[] = [];
  #lost: OutputGap[];
  #newestId: number;
  #droppedCount: number;
  #sourceChanged = true;
  readonly #unsubscribe: () => void;
  /** Spawns with a lower rank are not returned. */
  readonly #spawnFloor: number;

  constructor(source: OutputSource, start: StartingPoint, progress: OutputProgress, options: FollowedOutputsOptions) {
    const { position, places, gaps } = start;
    this.#source = source;
    this.#options = options;
    this.#progress = progress;
    this.#lost = [...gaps];
    this.#droppedCount = source.dropped.count;
    this.#newestId = source.dropped.newestId;
    this.#spawnFloor = Math.max(position.order, position.spawnFloor);
    for (const process of source.processes()) {
      this.#newestId = Math.max(this.#newestId, process.id);
      if ((process.exitRank ?? Infinity) < position.order) continue;
      for (const output of this.#follow(process, places)) progress.add(output, position);
      if ((process.spawnRank ?? Infinity) >= this.#spawnFloor) this.#unranked.add(process);
    }
    this.#unsubscribe = source.onChange(() => {
      this.#sourceChanged = true;
      this.#leaveDropped();
      options.onReady();
    });
  }

  /** True if nothing will follow except what is readable now. */
  get ended(): boolean {
    if (this.#source.isOpen || this.#sourceChanged) return false;
    return this.#followed.size === 0 && this.#lost.length === 0;
  }

  /** True if `takeLost` has a gap to return. */
  get hasLost(): boolean {
    if (this.#lost.length > 0) return true;
    for (const { cursor } of this.#readable) if (cursor.position < cursor.ring.oldest) return true;
    return false;
  }

  /** The outputs that have bytes to read. Call `takeLost` until it returns undefined first. */
  get readable(): ReadonlySet<OutputTrack> {
    return this.#readable;
  }

  /** The next gap; undefined if there is none. */
  takeLost(): OutputGap | undefined {
    const lost = this.#lost.shift();
    if (lost !== undefined) {
      // Not counted earlier: a client that leaves before it gets this gap must get it when it resumes.
      this.#progress.lost(sizeOfGap(lost) ?? 0);
      return lost;
    }
    for (const track of this.#readable) {
      if (track.cursor.available === 0) this.#readable.delete(track);
      const gap = track.cursor.takeGap();
      if (gap === undefined) continue;
      this.#progress.lost(gap.to - gap.from, track);
      return { processId: track.process.id, label: track.label, ...gap };
    }
    return undefined;
  }

  /** The rank of the next spawn or exit; Infinity if there is none. */
  get eventRank(): number {
    return Math.min(this.#spawned[0]?.spawnRank ?? Infinity, this.#exited[0]?.exitRank ?? Infinity);
  }

  /** The next spawn or exit; undefined if there is none. Everything with a lower rank must have been read. */
  takeEvent(): ProcessEvent | undefined {
    const rank = this.eventRank;
    if (rank === Infinity) return undefined;
    this.#progress.eventRead(rank);
    if (this.#spawned[0]?.spawnRank === rank) return { kind: "spawn", process: this.#spawned.shift()! };
    const process = this.#exited.shift()!;
    this.#leave(this.#followed.get(process.id));
    return { kind: "exit", process };
  }

  /** The bytes read so far may be overwritten. */
  release(): void {
    if (!this.#options.holdsTaken) return;
    for (const { outputs } of this.#followed.values()) for (const { cursor } of outputs) cursor.release();
  }

  close(): void {
    this.#unsubscribe();
    for (const followed of this.#followed.values()) this.#leave(followed);
    this.#lost = [];
  }

  /** Adds new processes, and their spawns and exits, since the last call. */
  update(): void {
    if (!this.#sourceChanged) return;
    this.#sourceChanged = false;
    const seenId = this.#newestId;
    const { dropped } = this.#source;
    if (dropped.newestId > seenId) this.#countUnseen(seenId);
    this.#newestId = Math.max(seenId, dropped.newestId);
    for (const process of this.#source.processes()) {
      if (process.id > seenId) {
        this.#newestId = Math.max(this.#newestId, process.id);
        this.#follow(process, new Map());
        this.#unranked.add(process);
      }
      if (process.exitRank !== undefined && this.#followed.has(process.id) && !this.#exited.includes(process)) {
        this.#exited.push(process);
      }
    }
    for (const process of this.#unranked) {
      if (process.spawnRank === undefined) continue;
      this.#unranked.delete(process);
      if (process.spawnRank >= this.#spawnFloor) this.#spawned.push(process);
    }
    this.#spawned.sort((a, b) => a.spawnRank! - b.spawnRank!);
    this.#exited.sort((a, b) => a.exitRank! - b.exitRank!);
  }

  /** Adds a gap for processes that were spawned and dropped unseen: all written bytes minus those that were read. */
  #countUnseen(seenId: number): void {
    let bytes = this.#source.dropped.bytes(this.#options.label) - this.#progress.given;
    for (const process of this.#source.processes()) {
      if (process.id > seenId) continue;
      const outputs = this.#followed.get(process.id)?.outputs;
      if (outputs !== undefined) for (const { cursor } of outputs) bytes += cursor.position;
      else for (const [label, { head }] of process.rings) bytes += this.#isWanted(label) ? head : 0;
    }
    for (const gap of this.#lost) bytes -= sizeOfGap(gap) ?? 0;
    if (bytes > 0) this.#lost.push({ bytes });
  }

  /** Adds gaps for processes that the source has dropped, so that a reader that reads nothing keeps no output in memory. */
  #leaveDropped(): void {
    const { count } = this.#source.dropped;
    if (count === this.#droppedCount) return;
    this.#droppedCount = count;
    const held = new Set(this.#source.processes());
    for (const followed of this.#followed.values()) {
      const { process, outputs } = followed;
      if (held.has(process)) continue;
      for (const track of outputs) {
        const gap = track.cursor.skipAll();
        if (gap !== undefined) this.#lost.push({ processId: process.id, label: track.label, ...gap });
      }
      this.#leave(followed);
      this.#exited = this.#exited.filter((each) => each !== process);
      this.#spawned = this.#spawned.filter((each) => each !== process);
      this.#unranked.delete(process);
    }
  }

  #follow(process: OutputProcess, places: ReadonlyMap<Ring, number>): OutputTrack[] {
    const { lossless, holdsTaken = false, keepsBehind = false, onReady, onCutOff } = this.#options;
    const outputs: OutputTrack[] = [];
    let outputIndex = -1;
    for (const [label, ring] of process.rings) {
      outputIndex += 1;
      if (!this.#isWanted(label)) continue;
      const cursor = new Cursor(ring, {
        position: places.get(ring) ?? 0,
        onChange: () => {
          this.#readable.add(track);
          if (ring.ended || this.#unranked.size > 0) this.#sourceChanged = true;
          onReady();
        },
        onCutOff: () => onCutOff?.(process),
        ...(lossless ? { losslessTimeoutMs: process.template.losslessTimeoutMs, holdsTaken, keepsBehind } : {}),
      });
      const track = new OutputTrack({ process, label, outputIndex, cursor });
      this.#readable.add(track);
      outputs.push(track);
    }
    this.#followed.set(process.id, { process, outputs });
    return outputs;
  }

  #leave(followed: Followed | undefined): void {
    if (followed === undefined) return;
    this.#followed.delete(followed.process.id);
    for (const track of followed.outputs) {
      track.cursor.close();
      this.#readable.delete(track);
      this.#progress.end(track);
    }
  }

  #isWanted(label: string): boolean {
    return this.#options.label === undefined || this.#options.label === label;
  }
}
