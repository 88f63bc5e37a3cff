import type { RankCounter } from "../output/rank-counter.ts";
import type { OutputTrack } from "./output-track.ts";
import { formatPlace, isSameOutput, maxAheadLength, type OutputPlace, type StreamPosition } from "./stream-position.ts";

/** The state before the last read of bytes, to undo it. */
interface Undo {
  readonly track: OutputTrack;
  readonly position: number;
  readonly order: number;
  readonly floor: number;
  readonly given: number;
  readonly wasAhead: boolean;
  readonly wasFloored: boolean;
  readonly wasPiece: boolean;
  readonly wasGapped: boolean;
  /** Repeats the read with fewer bytes. */
  readonly again: (to: number) => void;
}

/**
 * Keeps the position of a reader, which has a limited size. The reader reports everything it has read. If it reads part of a
 * line before the line is complete, the position lists that output as ahead. If the list is full, bytes must be read in the
 * order of arrival until the floor has reached the outputs that are ahead.
 */
export class OutputProgress {
  readonly #ranks: Pick<RankCounter, "next">;
  readonly #fixed: Pick<StreamPosition, "boot" | "serial" | "scope" | "spawnFloor">;
  #order: number;
  #floor: number;
  #given: number;
  readonly #ahead = new Set<OutputTrack>();
  #piece: OutputTrack | undefined;
  /** Outputs that are within a line because of the floor. The position contains the floor only if there are any. */
  readonly #floored = new Set<OutputTrack>();
  /** Outputs whose place cannot be derived from the position, because bytes were lost before it. */
  readonly #gapped = new Set<OutputTrack>();
  #undo: Undo | undefined;

  constructor(position: StreamPosition, ranks: Pick<RankCounter, "next">) {
    const { boot, serial, scope, spawnFloor, order, floor, given } = position;
    this.#ranks = ranks;
    this.#fixed = { ...(boot !== undefined && { boot }), serial, scope, spawnFloor };
    this.#order = order;
    this.#floor = floor;
    this.#given = given;
  }

  get position(): StreamPosition {
    return {
      ...this.#fixed,
      order: this.#order,
      floor: this.#floored.size > 0 ? this.#floor : 0,
      given: this.#given,
      ahead: this.#ahead.size > 0 ? [...this.#ahead].map((track) => track.place()) : [],
      piece: this.#piece?.place(),
      hasGaps: this.#gapped.size > 0,
    };
  }

  get given(): number {
    return this.#given;
  }

  /** Adds an output that is read from its place in `position`. */
  add(track: OutputTrack, { ahead, piece }: StreamPosition): void {
    const { ring, position: at } = track.cursor;
    if (at === ring.oldest && at > 0) this.#gapped.add(track);
    const isHere = (place: OutputPlace) => isSameOutput(place, track.place());
    if (ahead.some(isHere)) this.#ahead.add(track);
    else if (piece !== undefined && isHere(piece)) this.#piece = track;
    else if (this.#floor > 0 && !track.isAtLine(this.#order)) this.#floored.add(track);
  }

  /** A spawn or an exit was read. */
  eventRead(rank: number): void {
    this.#order = Math.max(this.#order, rank + 1);
  }

  /** Whole lines were read, up to `to`. */
  linesRead(track: OutputTrack, to: number): void {
    this.#record(track, to, (less) =>
      track.cursor.ring.isLineEnd(less) ? this.linesRead(track, less) : this.pieceRead(track, less),
    );
    this.#order = Math.max(this.#order, track.rankOfLineEnd(to) + 1);
  }

  /** Part of a complete line was read. */
  pieceRead(track: OutputTrack, to: number): void {
    this.#record(track, to, (less) => this.pieceRead(track, less));
    this.#piece = track;
  }

  /** Whether part of an unfinished line may be read. `tracks` are all outputs that have bytes to read. */
  canReadAhead(track: OutputTrack, to: number, tracks: Iterable<OutputTrack>): boolean {
    if (this.#fitsAhead(track, to)) return true;
    let lowestRank = this.#ranks.next;
    for (const { byteRank } of tracks) lowestRank = Math.min(lowestRank, byteRank);
    this.#floor = Math.max(this.#floor, lowestRank);
    for (const each of this.#ahead) {
      if (each.cursor.ring.countBefore(this.#floor) < each.cursor.position) continue;
      this.#ahead.delete(each);
      this.#floored.add(each);
    }
    return this.#fitsAhead(track, to);
  }

  /** Part of an unfinished line was read. */
  unfinishedRead(track: OutputTrack, to: number): void {
    this.#record(track, to, (less) => this.unfinishedRead(track, less));
    this.#ahead.add(track);
  }

  /** The oldest unread bytes of all outputs were read. They may end within a line. */
  oldestRead(track: OutputTrack, to: number): void {
    this.#record(track, to, (less) => this.oldestRead(track, less));
    this.#floor = Math.max(this.#floor, track.cursor.ring.order.rankAt(to - 1) + 1);
    this.#floored.add(track);
  }

  /** Bytes were read in the order of arrival, by a reader that does not read by lines. */
  bytesRead(track: OutputTrack, to: number): void {
    this.#record(track, to, (less) => this.bytesRead(track, less));
    this.#floor = Math.max(this.#floor, track.cursor.ring.order.rankAt(to - 1) + 1);
    this.#order = Math.max(this.#order, this.#floor);
    if (!track.isAtLine(this.#order)) this.#floored.add(track);
  }

  /** `bytes` bytes were lost. Without `track`, they belong to an output that is no longer read. */
  lost(bytes: number, track?: OutputTrack): void {
    this.#given += bytes;
    this.#undo = undefined;
    if (track === undefined) return;
    this.end(track);
    this.#gapped.add(track);
  }

  /** The position needs no entry for this output any more: it was read to its end, or up to a gap. */
  end(track: OutputTrack): void {
    this.#ahead.delete(track);
    this.#floored.delete(track);
    this.#gapped.delete(track);
    if (this.#piece === track) this.#piece = undefined;
  }

  /** Makes the bytes from `to` on unread again. They must belong to the last read. */
  unread(to: number): void {
    if (this.#undo === undefined) return;
    const { track, position, order, floor, given, wasAhead, wasFloored, wasPiece, wasGapped, again } = this.#undo;
    track.cursor.advance(position);
    this.#order = order;
    this.#floor = floor;
    this.#given = given;
    this.end(track);
    if (wasAhead) this.#ahead.add(track);
    if (wasFloored) this.#floored.add(track);
    if (wasPiece) this.#piece = track;
    if (wasGapped) this.#gapped.add(track);
    again(to);
  }

  #record(track: OutputTrack, to: number, again: (to: number) => void): void {
    const { position } = track.cursor;
    const state = { order: this.#order, floor: this.#floor, given: this.#given };
    const wasAhead = this.#ahead.has(track);
    const wasFloored = this.#floored.has(track);
    this.#undo = {
      track,
      position,
      ...state,
      wasAhead,
      wasFloored,
      wasPiece: this.#piece === track,
      wasGapped: this.#gapped.has(track),
      again,
    };
    this.end(track);
    this.#given += to - position;
    track.cursor.advance(to);
  }

  #fitsAhead(track: OutputTrack, to: number): boolean {
    let length = formatPlace({ ...track.place(), position: to }).length;
    for (const each of this.#ahead) if (each !== track) length += formatPlace(each.place()).length;
    return length <= maxAheadLength;
  }
}
