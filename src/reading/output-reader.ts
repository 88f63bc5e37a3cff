import { characterEnd, endOfBytes, endOfLines, type OutputUnit } from "../output/output-range.ts";
import type { Ring } from "../output/ring.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import { FollowedOutputs, type FollowedOutputsOptions, type ProcessEvent } from "./followed-outputs.ts";
import { OutputProgress } from "./output-progress.ts";
import type { OutputGap, OutputSource } from "./output-source.ts";
import { begin, type OutputStart } from "./output-start.ts";
import type { OutputTrack } from "./output-track.ts";
import type { StreamPosition } from "./stream-position.ts";

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
  | ProcessEvent;

export interface OutputReaderOptions extends FollowedOutputsOptions {
  readonly start: OutputStart;
  /** What is not cut. Of `lines`, one without an end comes after 100 ms of silence, or when it is too long. */
  readonly unit: OutputUnit;
  /** See `output-range.ts`; default `false`. */
  readonly byArrival?: boolean;
}

/** A line without an end is silent after so long. */
const silenceMs = 100;

/**
 * Reads the outputs of a source as one sequence: lines in the order in which they were completed, bytes in that of their
 * arrival, with spawns and exits where they happened. It holds positions, no bytes; who creates it must `close` it. While
 * its owner takes nothing, nothing grows.
 */
export class OutputReader {
  readonly #options: OutputReaderOptions;
  readonly #progress: OutputProgress;
  readonly #outputs: FollowedOutputs;
  #dueMs: number | undefined;

  /** Throws `bad_value` when it is to resume at a position that the source never had. */
  constructor(source: OutputSource, options: OutputReaderOptions) {
    const beginning = begin(source, options.start, options.label);
    this.#options = options;
    this.#progress = new OutputProgress(beginning.position, source.ranks);
    this.#outputs = new FollowedOutputs(source, beginning, this.#progress, options);
  }

  /** All was given that there will ever be. */
  get ended(): boolean {
    return this.#outputs.ended;
  }

  /** Bytes were lost since the last item. */
  get isBehind(): boolean {
    return this.#outputs.hasLost;
  }

  /** When a line without its end may be given (on the steady clock), if nothing comes before; undefined when none waits. */
  get dueMs(): number | undefined {
    return this.#dueMs;
  }

  /** How much was given: where another reader can go on. */
  position(): StreamPosition {
    return this.#progress.position;
  }

  /** What comes next, of bytes at most `maxBytes`; `nowMs` is on the steady clock, or `Infinity`; undefined when there is nothing now. */
  next(maxBytes: number, nowMs: number): OutputItem | undefined {
    this.#dueMs = undefined;
    this.#outputs.update();
    const lost = this.#outputs.takeLost();
    if (lost !== undefined) return { kind: "gap", ...lost };
    return this.#options.unit === "lines" ? this.#nextLines(maxBytes, nowMs) : this.#nextBytes(maxBytes);
  }

  /** Says that of the bytes that `next` gave just now only those before `to` were taken. */
  takeBack(to: number): void {
    this.#progress.takeBack(to);
  }

  /** What was lost since the last item, which is then not told of by `next`. */
  takeGaps(): OutputGap[] {
    const gaps: OutputGap[] = [];
    for (let gap = this.#outputs.takeLost(); gap !== undefined; gap = this.#outputs.takeLost()) gaps.push(gap);
    return gaps;
  }

  /** Says that the bytes given so far are used no more. */
  release(): void {
    this.#outputs.release();
  }

  close(): void {
    this.#outputs.close();
  }

  #nextLines(maxBytes: number, nowMs: number): OutputItem | undefined {
    let track: OutputTrack | undefined;
    let tooLong: OutputTrack | undefined;
    const { eventRank } = this.#outputs;
    let lowestRank = eventRank;
    let nextRank = eventRank;
    for (const each of this.#outputs.readable) {
      const { lineRank, cursor } = each;
      if (lineRank < lowestRank) {
        nextRank = lowestRank;
        lowestRank = lineRank;
        track = each;
      } else if (lineRank < nextRank) nextRank = lineRank;
      if (lineRank < Infinity || cursor.available < longest(cursor.ring, maxBytes)) continue;
      if (each.byteRank < Math.min(eventRank, tooLong?.byteRank ?? Infinity)) tooLong = each;
    }
    if (tooLong !== undefined) return this.#giveUnfinished(tooLong, maxBytes);
    if (track === undefined) return this.#outputs.takeEvent() ?? this.#nextSilent(maxBytes, nowMs);
    const { position: from, ring } = track.cursor;
    const lineEnd = track.lineEnd ?? from;
    const byArrival = this.#options.byArrival ?? false;
    const to = endOfLines(ring, { from, lineEnd, maxBytes, beforeRank: nextRank, byArrival });
    if (to < lineEnd) this.#progress.gavePiece(track, to);
    else this.#progress.gaveLines(track, to);
    return toItem(track, from, to);
  }

  /** Of the lines that are silent without an end, the one that began first. */
  #nextSilent(maxBytes: number, nowMs: number): OutputItem | undefined {
    let track: OutputTrack | undefined;
    let lowestRank = Infinity;
    for (const each of this.#outputs.readable) {
      const dueMs = each.cursor.ring.lastWriteMs + silenceMs;
      if (nowMs < dueMs) this.#dueMs = Math.min(this.#dueMs ?? Infinity, dueMs);
      else if (each.byteRank < lowestRank && unfinishedEnd(each, maxBytes) > each.cursor.position) {
        lowestRank = each.byteRank;
        track = each;
      }
    }
    return track && this.#giveUnfinished(track, maxBytes);
  }

  /** The beginning of a line that has no end; where the position has no room for that, whatever is oldest. */
  #giveUnfinished(track: OutputTrack, maxBytes: number): OutputItem {
    const from = track.cursor.position;
    const to = unfinishedEnd(track, maxBytes);
    if (this.#progress.mayGoAhead(track, to, this.#outputs.readable)) {
      this.#progress.gaveAhead(track, to);
      return toItem(track, from, to);
    }
    const { oldest = track, nextRank } = this.#oldest(Infinity);
    const { position, ring } = oldest.cursor;
    const end = endOfBytes(ring, { from: position, maxBytes, beforeRank: nextRank, byArrival: false });
    // Only a character that other outputs cut in pieces is given in pieces.
    const whole = characterEnd(ring, position, end);
    const oldestEnd = whole > position ? whole : end;
    this.#progress.gaveOldest(oldest, oldestEnd);
    return toItem(oldest, position, oldestEnd);
  }

  #nextBytes(maxBytes: number): OutputItem | undefined {
    const { oldest, nextRank } = this.#oldest(this.#outputs.eventRank);
    if (oldest === undefined) return this.#outputs.takeEvent();
    const { position: from, ring } = oldest.cursor;
    const end = endOfBytes(ring, { from, maxBytes, beforeRank: nextRank, byArrival: false });
    const isWhole = this.#options.unit === "bytes" || (ring.ended && end === ring.head);
    const to = isWhole ? end : characterEnd(ring, from, end);
    if (to === from) return undefined;
    this.#progress.gaveBytes(oldest, to);
    return toItem(oldest, from, to);
  }

  /** The output whose next byte arrived first, before `eventRank`, and the rank that ends its turn. */
  #oldest(eventRank: number): { readonly oldest: OutputTrack | undefined; readonly nextRank: number } {
    let oldest: OutputTrack | undefined;
    let lowestRank = eventRank;
    let nextRank = eventRank;
    for (const each of this.#outputs.readable) {
      const { byteRank } = each;
      if (byteRank < lowestRank) {
        nextRank = lowestRank;
        lowestRank = byteRank;
        oldest = each;
      } else nextRank = Math.min(nextRank, byteRank);
    }
    return { oldest, nextRank };
  }
}

/** A line that is not complete is given from this length on: it would outgrow an item, or what the ring holds. */
function longest({ capacity }: Ring, maxBytes: number): number {
  return Math.min(maxBytes, capacity / 2);
}

/** Up to where the beginning of a line can be given. */
function unfinishedEnd({ cursor: { ring, position } }: OutputTrack, maxBytes: number): number {
  return characterEnd(ring, position, Math.min(ring.head, position + maxBytes));
}

function toItem({ process, label, cursor: { ring } }: OutputTrack, from: number, to: number): OutputItem {
  return { kind: "bytes", process, label, ring, from, to };
}
