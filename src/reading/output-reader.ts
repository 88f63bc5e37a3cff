import { Cursor } from "../output/cursor.ts";
import type { Ring } from "../output/ring.ts";
import { nextRange, type OutputUnit } from "../output/output-range.ts";
import type { OutputGap, OutputSource } from "./output-source.ts";
import { type OutputStart, startPositions, type StreamPosition } from "./output-start.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";

/** What a reader is told, in order. */
export type OutputItem =
  /** The bytes from `from` up to `to` of `ring`, which are held until the caller returns to the event loop. */
  | {
      readonly kind: "bytes";
      readonly process: SupervisedProcess;
      readonly label: string;
      readonly ring: Ring;
      readonly from: number;
      readonly to: number;
    }
  | ({ readonly kind: "gap" } & OutputGap)
  | { readonly kind: "spawn"; readonly process: SupervisedProcess }
  /** All of its output was given before. */
  | { readonly kind: "exit"; readonly process: SupervisedProcess };

export interface OutputReaderOptions {
  /** Default: all. */
  readonly label?: string;
  readonly start: OutputStart;
  /** See `output-range.ts`. */
  readonly unit: OutputUnit;
  /** See `output-range.ts`; default `false`. */
  readonly byArrival?: boolean;
  /** The process waits for this reader, within the template's `lossless_timeout`. */
  readonly lossless?: boolean;
  /** Bytes that were given stay held until `release`, if the reader is lossless; default `false`. */
  readonly holdsTaken?: boolean;
  /** Called when there may be something to read; it must return at once. */
  readonly onReady: () => void;
  /** A process waited too long for this lossless reader. */
  readonly onCutOff?: (process: SupervisedProcess) => void;
}

interface Track {
  readonly process: SupervisedProcess;
  /** In the order of the labels. */
  readonly cursors: readonly LabelCursor[];
}

interface LabelCursor {
  readonly label: string;
  readonly cursor: Cursor;
}

/**
 * Reads the outputs of a source as one sequence in the order of arrival. It holds positions, no bytes; who creates it
 * must `close` it. While its owner takes nothing, nothing grows.
 */
export class OutputReader {
  readonly #source: OutputSource;
  readonly #options: OutputReaderOptions;
  /** Those whose exit was not told yet. */
  readonly #tracks = new Map<number, Track>();
  readonly #unannounced: SupervisedProcess[] = [];
  #lost: OutputGap[];
  #newestId: number;
  #sourceChanged = true;
  #dueMs: number | undefined;
  readonly #unsubscribe: () => void;

  /** Throws `bad_value` when it is to resume at a position that the source never had. */
  constructor(source: OutputSource, options: OutputReaderOptions) {
    const start = startPositions(source, options.start, options.label);
    this.#source = source;
    this.#options = options;
    this.#newestId = start.newestId;
    this.#lost = [...start.gaps];
    for (const { process, positions } of start.processes) this.#track(process, positions);
    this.#unsubscribe = source.onChange(() => {
      this.#sourceChanged = true;
      this.#letGo();
      options.onReady();
    });
  }

  /** All was given that there will ever be. */
  get ended(): boolean {
    if (this.#source.isOpen || this.#sourceChanged) return false;
    return this.#tracks.size === 0 && this.#lost.length === 0;
  }

  /** Bytes were lost since the last item. */
  get isBehind(): boolean {
    if (this.#lost.length > 0) return true;
    for (const { cursors } of this.#tracks.values()) {
      if (cursors.some(({ cursor }) => cursor.position < cursor.ring.oldest)) return true;
    }
    return false;
  }

  /** When a line without its end may be given (on the steady clock), if nothing comes before; undefined when none waits. */
  get dueMs(): number | undefined {
    return this.#dueMs === Infinity ? undefined : this.#dueMs;
  }

  /** How much was given: where another reader can go on. */
  position(): StreamPosition {
    const told = [...this.#tracks.values()].filter((track) => this.#isAnnounced(track));
    const processes = told.map(({ process, cursors }) => ({
      id: process.id,
      positions: cursors.map(({ cursor }) => cursor.position),
    }));
    return { newestId: Math.min(this.#newestId, (this.#unannounced[0]?.id ?? Infinity) - 1), processes };
  }

  /** What comes next, of bytes at most `maxBytes`; `nowMs` is on the steady clock, or `Infinity`; undefined when there is nothing now. */
  next(maxBytes: number, nowMs: number): OutputItem | undefined {
    this.#dueMs = undefined;
    if (this.#sourceChanged) this.#follow();
    return this.#nextGap() ?? this.#nextBytes(maxBytes, nowMs) ?? this.#nextExit() ?? this.#nextSpawn();
  }

  /** What was lost since the last item, which is then not told of by `next`. */
  takeGaps(): OutputGap[] {
    const gaps: OutputGap[] = [];
    for (let gap = this.#takeGap(); gap !== undefined; gap = this.#takeGap()) gaps.push(gap);
    return gaps;
  }

  /** Says that the bytes given so far are used no more. */
  release(): void {
    for (const { cursors } of this.#tracks.values()) for (const { cursor } of cursors) cursor.release();
  }

  close(): void {
    this.#unsubscribe();
    for (const track of this.#tracks.values()) closeTrack(track);
    this.#tracks.clear();
    this.#lost = [];
  }

  /** Takes up processes that came since. */
  #follow(): void {
    this.#sourceChanged = false;
    const seenId = this.#newestId;
    if (this.#source.droppedId > seenId) {
      this.#lost.push({});
      this.#newestId = this.#source.droppedId;
    }
    for (const process of this.#source.processes()) {
      if (process.id <= seenId) continue;
      this.#newestId = Math.max(this.#newestId, process.id);
      this.#track(process, []);
      this.#unannounced.push(process);
    }
  }

  /** Names as lost what the source has dropped, so that a reader that takes nothing keeps no output alive. */
  #letGo(): void {
    const { droppedId } = this.#source;
    for (const track of this.#tracks.values()) {
      const { process, cursors } = track;
      if (process.id > droppedId || process.exit === undefined) continue;
      if (this.#source.processes().includes(process)) continue;
      for (const { label, cursor } of cursors) {
        const gap = cursor.giveUp();
        if (gap !== undefined) this.#lost.push({ processId: process.id, label, ...gap });
      }
      closeTrack(track);
      this.#tracks.delete(process.id);
    }
  }

  #track(process: SupervisedProcess, positions: readonly number[]): void {
    const { label: only, lossless, holdsTaken = false, onReady, onCutOff } = this.#options;
    const cursors: LabelCursor[] = [];
    for (const [label, ring] of process.rings) {
      if (only !== undefined && label !== only) continue;
      const cursor = new Cursor(ring, {
        position: positions[cursors.length] ?? 0,
        onChange: onReady,
        onCutOff: () => onCutOff?.(process),
        ...(lossless ? { losslessTimeoutMs: process.template.losslessTimeoutMs, holdsTaken } : {}),
      });
      cursors.push({ label, cursor });
    }
    this.#tracks.set(process.id, { process, cursors });
  }

  #nextGap(): OutputItem | undefined {
    const gap = this.#takeGap();
    return gap && { kind: "gap", ...gap };
  }

  #takeGap(): OutputGap | undefined {
    const lost = this.#lost.shift();
    if (lost !== undefined) return lost;
    for (const { process, cursors } of this.#tracks.values()) {
      for (const { label, cursor } of cursors) {
        const gap = cursor.takeGap();
        if (gap !== undefined) return { processId: process.id, label, ...gap };
      }
    }
    return undefined;
  }

  #nextBytes(maxBytes: number, nowMs: number): OutputItem | undefined {
    const { unit, byArrival = false } = this.#options;
    const readable = this.#readable();
    for (const [index, { process, label, cursor }] of readable.entries()) {
      const beforeSequence = readable[index + 1]?.sequence ?? Infinity;
      const from = cursor.position;
      const range = nextRange(cursor.ring, { from, maxBytes, nowMs, unit, byArrival, beforeSequence });
      if (range.to === undefined) {
        this.#dueMs = Math.min(this.#dueMs ?? Infinity, range.dueMs);
        continue;
      }
      cursor.advance(range.to);
      return { kind: "bytes", process, label, ring: cursor.ring, from, to: range.to };
    }
    return undefined;
  }

  /** The cursors that have bytes, in the order in which those arrived, up to the next spawn to tell of. */
  #readable() {
    const readable = [];
    const horizon = this.#unannounced[0]?.sequence ?? Infinity;
    for (const { process, cursors } of this.#tracks.values()) {
      for (const { label, cursor } of cursors) {
        if (cursor.available === 0) continue;
        const sequence = cursor.ring.arrivals.sequenceAt(cursor.position);
        if (sequence < horizon) readable.push({ process, label, cursor, sequence });
      }
    }
    return readable.length > 1 ? readable.toSorted((a, b) => a.sequence - b.sequence) : readable;
  }

  #nextExit(): OutputItem | undefined {
    for (const track of this.#tracks.values()) {
      if (!this.#isAnnounced(track) || !track.process.outputEnded) continue;
      if (track.cursors.some(({ cursor }) => cursor.available > 0)) continue;
      closeTrack(track);
      this.#tracks.delete(track.process.id);
      return { kind: "exit", process: track.process };
    }
    return undefined;
  }

  #nextSpawn(): OutputItem | undefined {
    const process = this.#unannounced.shift();
    return process && { kind: "spawn", process };
  }

  #isAnnounced({ process }: Track): boolean {
    return process.id < (this.#unannounced[0]?.id ?? Infinity);
  }
}

function closeTrack({ cursors }: Track): void {
  for (const { cursor } of cursors) cursor.close();
}
