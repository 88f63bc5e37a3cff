import { Cursor } from "../output/cursor.ts";
import type { Ring } from "../output/ring.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import type { OutputProgress } from "./output-progress.ts";
import { type OutputGap, type OutputSource, sizeOfGap } from "./output-source.ts";
import type { Beginning } from "./output-resume.ts";
import { OutputTrack } from "./output-track.ts";

export interface FollowedOutputsOptions {
  /** Which outputs are read; default: all. */
  readonly label?: string;
  /** The process waits for this reader, within the template's `lossless_timeout`. */
  readonly lossless?: boolean;
  /** Bytes that were given stay held until `release`, if the reader is lossless; default `false`. */
  readonly holdsTaken?: boolean;
  /** Called when there may be something to read; it must return at once. */
  readonly onReady: () => void;
  /** A process waited too long for this lossless reader. */
  readonly onCutOff?: (process: SupervisedProcess) => void;
}

/** A spawn, or an exit after which nothing of the process follows. */
export type ProcessEvent =
  | { readonly kind: "spawn"; readonly process: SupervisedProcess }
  | { readonly kind: "exit"; readonly process: SupervisedProcess };

interface Followed {
  readonly process: SupervisedProcess;
  readonly outputs: readonly OutputTrack[];
}

/**
 * The outputs that a reader follows, as processes of the source come and go; what is to be told of the processes; and
 * what was lost. Who creates it must `close` it.
 */
export class FollowedOutputs {
  readonly #source: OutputSource;
  readonly #options: FollowedOutputsOptions;
  readonly #progress: OutputProgress;
  /** Those whose exit was not told yet. */
  readonly #followed = new Map<number, Followed>();
  readonly #readable = new Set<OutputTrack>();
  /** To be told, in the order of their ranks. */
  #spawned: SupervisedProcess[] = [];
  /** Spawns to be told that have no rank yet. */
  readonly #unranked = new Set<SupervisedProcess>();
  #exited: SupervisedProcess[] = [];
  #lost: OutputGap[];
  #newestId: number;
  #droppedCount: number;
  #sourceChanged = true;
  readonly #unsubscribe: () => void;

  constructor(source: OutputSource, beginning: Beginning, progress: OutputProgress, options: FollowedOutputsOptions) {
    const { position, places, gaps } = beginning;
    this.#source = source;
    this.#options = options;
    this.#progress = progress;
    this.#lost = [...gaps];
    this.#droppedCount = source.dropped.count;
    this.#newestId = source.dropped.newestId;
    for (const process of source.processes()) {
      this.#newestId = Math.max(this.#newestId, process.id);
      if ((process.exitRank ?? Infinity) < position.order) continue;
      for (const output of this.#follow(process, places)) progress.begin(output, position);
      if ((process.spawnRank ?? Infinity) >= Math.max(position.order, position.spawnFloor)) this.#unranked.add(process);
    }
    this.#unsubscribe = source.onChange(() => {
      this.#sourceChanged = true;
      this.#letGo();
      options.onReady();
    });
  }

  /** Nothing is to come, but for what is readable now. */
  get ended(): boolean {
    if (this.#source.isOpen || this.#sourceChanged) return false;
    return this.#followed.size === 0 && this.#lost.length === 0;
  }

  /** Bytes were lost that `takeLost` has not told of. */
  get hasLost(): boolean {
    if (this.#lost.length > 0) return true;
    for (const { cursor } of this.#readable) if (cursor.position < cursor.ring.oldest) return true;
    return false;
  }

  /** The outputs that have bytes to give, once `takeLost` has nothing more to tell. */
  get readable(): ReadonlySet<OutputTrack> {
    return this.#readable;
  }

  /** Something of what was lost since the last call. */
  takeLost(): OutputGap | undefined {
    const lost = this.#lost.shift();
    if (lost !== undefined) {
      // Not before: who leaves before it was told of this is to hear of it when it comes again.
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

  /** The rank of the next spawn or exit; Infinity where there is none. */
  get eventRank(): number {
    return Math.min(this.#spawned[0]?.spawnRank ?? Infinity, this.#exited[0]?.exitRank ?? Infinity);
  }

  /** The next spawn or exit. Everything of lower rank must have been given. */
  takeEvent(): ProcessEvent | undefined {
    const rank = this.eventRank;
    if (rank === Infinity) return undefined;
    this.#progress.told(rank);
    if (this.#spawned[0]?.spawnRank === rank) return { kind: "spawn", process: this.#spawned.shift()! };
    const process = this.#exited.shift()!;
    this.#leave(this.#followed.get(process.id));
    return { kind: "exit", process };
  }

  /** Says that the bytes given so far are used no more. */
  release(): void {
    if (!this.#options.holdsTaken) return;
    for (const { outputs } of this.#followed.values()) for (const { cursor } of outputs) cursor.release();
  }

  close(): void {
    this.#unsubscribe();
    for (const followed of this.#followed.values()) this.#leave(followed);
    this.#lost = [];
  }

  /** Takes up processes that came since, and exits. */
  update(): void {
    if (!this.#sourceChanged) return;
    this.#sourceChanged = false;
    const seenId = this.#newestId;
    const { dropped } = this.#source;
    if (dropped.newestId > seenId) this.#loseUnseen(seenId);
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
      this.#spawned.push(process);
    }
    this.#spawned.sort((a, b) => a.spawnRank! - b.spawnRank!);
    this.#exited.sort((a, b) => a.exitRank! - b.exitRank!);
  }

  /** Names the output of processes that came and went unseen: what all have written, but for what was given. */
  #loseUnseen(seenId: number): void {
    let bytes = this.#source.dropped.bytes(this.#options.label) - this.#progress.given;
    for (const process of this.#source.processes()) {
      if (process.id > seenId) continue;
      const outputs = this.#followed.get(process.id)?.outputs;
      if (outputs !== undefined) for (const { cursor } of outputs) bytes += cursor.position;
      else for (const [label, { head }] of process.rings) bytes += this.#isRead(label) ? head : 0;
    }
    for (const gap of this.#lost) bytes -= sizeOfGap(gap) ?? 0;
    if (bytes > 0) this.#lost.push({ bytes });
  }

  /** Names as lost what the source has dropped, so that a reader that takes nothing keeps no output alive. */
  #letGo(): void {
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

  #follow(process: SupervisedProcess, places: ReadonlyMap<Ring, number>): OutputTrack[] {
    const { lossless, holdsTaken = false, onReady, onCutOff } = this.#options;
    const outputs: OutputTrack[] = [];
    let outputIndex = -1;
    for (const [label, ring] of process.rings) {
      outputIndex += 1;
      if (!this.#isRead(label)) continue;
      const cursor = new Cursor(ring, {
        position: places.get(ring) ?? 0,
        onChange: () => {
          this.#readable.add(track);
          if (ring.ended || this.#unranked.size > 0) this.#sourceChanged = true;
          onReady();
        },
        onCutOff: () => onCutOff?.(process),
        ...(lossless ? { losslessTimeoutMs: process.template.losslessTimeoutMs, holdsTaken } : {}),
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

  #isRead(label: string): boolean {
    return this.#options.label === undefined || this.#options.label === label;
  }
}
