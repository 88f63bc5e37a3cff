import type { RankCounter } from "../output/rank-counter.ts";
import type { OutputTrack } from "./output-track.ts";
import { formatPlace, maxAheadLength, type OutputPlace, type StreamPosition } from "./stream-position.ts";

/** What of the state one gift of bytes may change. */
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
  /** Does the same with fewer bytes. */
  readonly again: (to: number) => void;
}

/**
 * Keeps the position of a reader in its bounded form while the reader goes on: each call says what was given. A line that
 * is given before it is complete makes its output one of those that the position lists as ahead. When there is no room
 * for more of them, bytes must be given in the order of arrival, until the floor has reached those that are ahead.
 */
export class OutputProgress {
  readonly #ranks: RankCounter;
  readonly #fixed: Pick<StreamPosition, "serial" | "scope" | "spawnFloor">;
  #order: number;
  #floor: number;
  #given: number;
  readonly #ahead = new Set<OutputTrack>();
  #piece: OutputTrack | undefined;
  /** Outputs that are in the middle of a line because of the floor: without any, the floor need not be said. */
  readonly #floored = new Set<OutputTrack>();
  /** Outputs whose place does not follow from the position, behind bytes that were lost. */
  readonly #gapped = new Set<OutputTrack>();
  #undo: Undo | undefined;

  constructor(position: StreamPosition, ranks: RankCounter) {
    const { serial, scope, spawnFloor, order, floor, given } = position;
    this.#ranks = ranks;
    this.#fixed = { serial, scope, spawnFloor };
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

  /** Takes up an output that is read from where `position` says. */
  begin(track: OutputTrack, { ahead, piece }: StreamPosition): void {
    const { ring, position: at } = track.cursor;
    if (at === ring.oldest && at > 0) this.#gapped.add(track);
    const isHere = (place: OutputPlace) => isSameOutput(place, track.place());
    if (ahead.some(isHere)) this.#ahead.add(track);
    else if (piece !== undefined && isHere(piece)) this.#piece = track;
    else if (this.#floor > 0 && !track.isAtLine(this.#order)) this.#floored.add(track);
  }

  /** A spawn or an exit was told. */
  told(rank: number): void {
    this.#order = Math.max(this.#order, rank + 1);
  }

  /** Whole lines were given, up to `to`. */
  gaveLines(track: OutputTrack, to: number): void {
    this.#give(track, to, (less) =>
      track.cursor.ring.isLineEnd(less) ? this.gaveLines(track, less) : this.gavePiece(track, less),
    );
    this.#order = Math.max(this.#order, track.rankOfLineEnd(to) + 1);
  }

  /** A piece was given of a line that is complete. */
  gavePiece(track: OutputTrack, to: number): void {
    this.#give(track, to, (less) => this.gavePiece(track, less));
    this.#piece = track;
  }

  /** Whether the beginning of a line that is not complete may be given; `tracks` are all outputs with bytes to give. */
  mayGoAhead(track: OutputTrack, to: number, tracks: Iterable<OutputTrack>): boolean {
    if (this.#hasRoom(track, to)) return true;
    let lowestRank = this.#ranks.next;
    for (const { byteRank } of tracks) lowestRank = Math.min(lowestRank, byteRank);
    this.#floor = Math.max(this.#floor, lowestRank);
    for (const each of this.#ahead) {
      if (each.cursor.ring.countBefore(this.#floor) < each.cursor.position) continue;
      this.#ahead.delete(each);
      this.#floored.add(each);
    }
    return this.#hasRoom(track, to);
  }

  /** The beginning of a line that is not complete was given. */
  gaveAhead(track: OutputTrack, to: number): void {
    this.#give(track, to, (less) => this.gaveAhead(track, less));
    this.#ahead.add(track);
  }

  /** Bytes were given before which all others had been given, of this output and of all, but perhaps for whole lines. */
  gaveOldest(track: OutputTrack, to: number): void {
    this.#give(track, to, (less) => this.gaveOldest(track, less));
    this.#floor = Math.max(this.#floor, track.cursor.ring.order.rankAt(to - 1) + 1);
    this.#floored.add(track);
  }

  /** The same, for a reader that cares for no lines. */
  gaveBytes(track: OutputTrack, to: number): void {
    this.#give(track, to, (less) => this.gaveBytes(track, less));
    this.#floor = Math.max(this.#floor, track.cursor.ring.order.rankAt(to - 1) + 1);
    this.#order = Math.max(this.#order, this.#floor);
    if (!track.isAtLine(this.#order)) this.#floored.add(track);
  }

  /** So many bytes will never be given, of an output that goes on or of one that is gone. */
  lost(bytes: number, track?: OutputTrack): void {
    this.#given += bytes;
    this.#undo = undefined;
    if (track === undefined) return;
    this.end(track);
    this.#gapped.add(track);
  }

  /** Nothing need be said of an output any more: it was given to its end, or up to a gap. */
  end(track: OutputTrack): void {
    this.#ahead.delete(track);
    this.#floored.delete(track);
    this.#gapped.delete(track);
    if (this.#piece === track) this.#piece = undefined;
  }

  /** Says that of the bytes given last only those before `to` were taken. */
  takeBack(to: number): void {
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

  #give(track: OutputTrack, to: number, again: (to: number) => void): void {
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

  #hasRoom(track: OutputTrack, to: number): boolean {
    let length = formatPlace({ ...track.place(), position: to }).length;
    for (const each of this.#ahead) if (each !== track) length += formatPlace(each.place()).length;
    return length <= maxAheadLength;
  }
}

function isSameOutput(a: OutputPlace, b: OutputPlace): boolean {
  return a.processId === b.processId && a.outputIndex === b.outputIndex;
}
