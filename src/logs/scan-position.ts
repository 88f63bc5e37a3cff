import { formatPlace, maxAheadLength, type OutputPlace, type StreamPosition } from "../reading/stream-position.ts";
import { scopeOf } from "../reading/output-source.ts";
import { bootId } from "../boot.ts";
import type { LogScope } from "./log-item.ts";
import type { OutputState } from "./output-state.ts";

/**
 * The position of a reader of `/streams` that has read the same: what `OutputProgress` is for the buffers. It is computed for the
 * lines that match only.
 */
export class ScanPosition {
  readonly #fixed: Pick<StreamPosition, "boot" | "serial" | "scope">;
  #given = 0;
  /** Outputs of which a part of an unfinished line was taken. */
  readonly #ahead = new Set<OutputState>();
  readonly #gapped = new Set<OutputState>();

  constructor({ boot, serial }: { boot: string; serial: number }, { processId, label }: LogScope) {
    this.#fixed = {
      ...(boot !== bootId && { boot }),
      serial,
      scope: scopeOf({ processId }, label),
    };
  }

  /** The bytes before everything that was taken, over all outputs. */
  get given(): number {
    return this.#given;
  }

  /** Adds bytes of outputs that are not read themselves. */
  add(bytes: number): void {
    this.#given += bytes;
  }

  /** Everything before this position of the output was taken. Whole lines end there. */
  take(output: OutputState, place: number): void {
    if (place <= output.place) return;
    this.#given += place - output.place;
    output.place = place;
    this.#ahead.delete(output);
    this.#gapped.delete(output);
  }

  /** A part of an unfinished line was taken. */
  takePart(output: OutputState, place: number): void {
    this.take(output, place);
    this.#ahead.add(output);
  }

  /** The bytes before this position of the output are missing. */
  takeGap(output: OutputState, place: number): void {
    this.take(output, place);
    this.#ahead.delete(output);
    this.#gapped.add(output);
  }

  /** Everything that was complete before `order` was taken. */
  at(order: number): StreamPosition {
    return {
      ...this.#fixed,
      order,
      floor: 0,
      spawnFloor: 0,
      given: this.#given,
      ahead: this.#listAhead(),
      piece: undefined,
      hasGaps: this.#gapped.size > 0,
    };
  }

  #listAhead(): OutputPlace[] {
    if (this.#ahead.size === 0) return [];
    const places: OutputPlace[] = [];
    let length = 0;
    for (const { processId, index, place } of this.#ahead) {
      const each = { processId, outputIndex: index, position: place };
      length += formatPlace(each).length;
      // An id has no space for more. A reader that resumes there gets the beginnings of the other lines twice.
      if (length > maxAheadLength) break;
      places.push(each);
    }
    return places;
  }
}
