import { characterEnd, endOfBytes, endOfLines, type OutputUnit } from "../output/output-range.ts";
import type { Ring } from "../output/ring.ts";
import { FollowedOutputs, type FollowedOutputsOptions } from "./followed-outputs.ts";
import type { OutputItem, OutputItems } from "./output-items.ts";
import { OutputProgress } from "./output-progress.ts";
import type { OutputGap, OutputSource } from "./output-source.ts";
import { type OutputStart, startingPoint } from "./output-start.ts";
import type { OutputTrack } from "./output-track.ts";
import type { StreamPosition } from "./stream-position.ts";

export type { OutputItem };

export interface OutputReaderOptions extends FollowedOutputsOptions {
  readonly start: OutputStart;
  /** What is never split. With `lines`, an unfinished line is returned after 100 ms of silence, or if it is too long. */
  readonly unit: OutputUnit;
  /** See `output-range.ts`; default `false`. */
  readonly byArrival?: boolean;
}

/** An unfinished line is returned when its output has written nothing for this long. */
const silenceMs = 100;

/**
 * Reads the outputs of a source as one sequence: lines in the order in which they were completed, or bytes in the order of
 * arrival, with spawns and exits where they happened. It keeps positions, not bytes, so that it does not grow while its owner
 * reads nothing. The caller must `close` it.
 */
export class OutputReader implements OutputItems {
  readonly isLoading = false;
  readonly #options: OutputReaderOptions;
  readonly #progress: OutputProgress;
  readonly #outputs: FollowedOutputs;
  #dueMs: number | undefined;

  /** Throws `bad_value` if it is to resume at a position that the source never had. */
  constructor(source: OutputSource, options: OutputReaderOptions) {
    const start = startingPoint(source, options.start, options.label);
    this.#options = options;
    this.#progress = new OutputProgress(start.position, source.ranks);
    this.#outputs = new FollowedOutputs(source, start, this.#progress, options);
  }

  /** True if everything was read and nothing will follow. */
  get ended(): boolean {
    return this.#outputs.ended;
  }

  /** True if bytes were lost since the last item. */
  get isBehind(): boolean {
    return this.#outputs.hasLost;
  }

  /** When `next` will return an unfinished line, on the steady clock; undefined if there is none. */
  get dueMs(): number | undefined {
    return this.#dueMs;
  }

  /** How far this reader has read. Another reader can resume there. */
  position(): StreamPosition {
    return this.#progress.position;
  }

  /**
   * The next item, with at most `maxBytes` bytes; undefined if there is none now. `nowMs` is on the steady clock; with
   * `Infinity`, unfinished lines do not wait.
   */
  next(maxBytes: number, nowMs: number): OutputItem | undefined {
    this.#dueMs = undefined;
    this.#outputs.update();
    const lost = this.#outputs.takeLost();
    if (lost !== undefined) return { kind: "gap", ...lost };
    return this.#options.unit === "lines" ? this.#nextLines(maxBytes, nowMs) : this.#nextBytes(maxBytes);
  }

  /** Makes the bytes from `to` on unread again. They must be part of the item that `next` returned last. */
  unread(to: number): void {
    this.#progress.unread(to);
  }

  /** All gaps since the last item. `next` does not return them again. */
  takeGaps(): OutputGap[] {
    const gaps: OutputGap[] = [];
    for (let gap = this.#outputs.takeLost(); gap !== undefined; gap = this.#outputs.takeLost()) gaps.push(gap);
    return gaps;
  }

  /** Follows the processes that were spawned since the last call, without reading. */
  follow(): void {
    this.#outputs.update();
  }

  /** The bytes returned so far may be overwritten. */
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
    if (tooLong !== undefined) return this.#readUnfinished(tooLong, maxBytes);
    if (track === undefined) return this.#outputs.takeEvent() ?? this.#nextSilent(maxBytes, nowMs);
    const { position: from, ring } = track.cursor;
    const lineEnd = track.lineEnd ?? from;
    const byArrival = this.#options.byArrival ?? false;
    const to = endOfLines(ring, { from, lineEnd, maxBytes, beforeRank: nextRank, byArrival });
    if (to < lineEnd) this.#progress.pieceRead(track, to);
    else this.#progress.linesRead(track, to);
    return toItem(track, from, to);
  }

  /** Of the unfinished lines that have been silent long enough, the one that began first. */
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
    return track && this.#readUnfinished(track, maxBytes);
  }

  /** The beginning of an unfinished line. If the position has no space to list it, the oldest bytes of all outputs. */
  #readUnfinished(track: OutputTrack, maxBytes: number): OutputItem {
    const from = track.cursor.position;
    const to = unfinishedEnd(track, maxBytes);
    if (this.#progress.canReadAhead(track, to, this.#outputs.readable)) {
      this.#progress.unfinishedRead(track, to);
      return toItem(track, from, to);
    }
    const { oldest = track, nextRank } = this.#oldest(Infinity);
    const { position, ring } = oldest.cursor;
    const end = endOfBytes(ring, { from: position, maxBytes, beforeRank: nextRank, byArrival: false });
    // A character is split only if bytes of other outputs arrived within it.
    const whole = characterEnd(ring, position, end);
    const oldestEnd = whole > position ? whole : end;
    this.#progress.oldestRead(oldest, oldestEnd);
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
    this.#progress.bytesRead(oldest, to);
    return toItem(oldest, from, to);
  }

  /** The output whose next byte arrived first, before `eventRank`, and the rank of the next byte or event of another. */
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

/** An unfinished line of this length is returned immediately: it would not fit in an item, or in the ring. */
function longest({ capacity }: Ring, maxBytes: number): number {
  return Math.min(maxBytes, capacity / 2);
}

/** The end of the part of an unfinished line that can be returned. */
function unfinishedEnd({ cursor: { ring, position } }: OutputTrack, maxBytes: number): number {
  return characterEnd(ring, position, Math.min(ring.head, position + maxBytes));
}

function toItem({ process, label, cursor: { ring } }: OutputTrack, from: number, to: number): OutputItem {
  return { kind: "bytes", process, label, ring, from, to };
}
