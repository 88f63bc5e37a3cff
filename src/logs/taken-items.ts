import type { StreamPosition } from "../reading/stream-position.ts";
import type { LineMatcher } from "./matching/line-matcher.ts";
import type { GapReason, LogGap, LogLine, LogScope } from "./log-item.ts";
import { isInRange, type LogRange } from "./log-range.ts";
import type { OutputState } from "./output-state.ts";
import { isMatch } from "./part-lines.ts";
import { ScanPosition } from "./scan-position.ts";

export interface TakenItemsOptions {
  readonly life: { readonly boot: string; readonly serial: number };
  readonly scope: LogScope;
  readonly matcher: LineMatcher;
  readonly range: LogRange;
}

/** When something was complete. */
interface When {
  readonly rank: number;
  readonly timeMs: number;
  /** After it, everything that was complete before this rank was taken. */
  readonly order: number;
}

/** A part of an output, from the position `start` up to `to`. The end of a line is not in `bytes`. */
interface TakenBytes {
  readonly start: number;
  readonly to: number;
  readonly bytes: Buffer;
}

/** Makes items with their positions. Whatever is skipped must be taken too, so that positions are right. */
export class TakenItems {
  readonly position: ScanPosition;
  readonly #options: TakenItemsOptions;

  constructor(options: TakenItemsOptions) {
    this.#options = options;
    this.position = new ScanPosition(options.life, options.scope);
  }

  /** A line that matches, from the position `start` on. Undefined if the client has read it, or does not want it. */
  line(output: OutputState, line: When & TakenBytes & { readonly isPartial: boolean }): LogLine | undefined {
    const { start, to, bytes, isPartial, rank, timeMs } = line;
    const from = Math.max(start, output.readTo);
    if (isPartial) this.position.takePart(output, to);
    else this.position.take(output, to);
    const { life, scope, range } = this.#options;
    if (from >= to || !isInRange(range, line)) return undefined;
    // Without spreading objects, which would take half of the time of a search in which many lines match.
    return {
      kind: "line",
      boot: life.boot,
      name: scope.name,
      processId: output.processId,
      outputIndex: output.index,
      label: output.label,
      from,
      to,
      bytes: from > start ? bytes.subarray(from - start) : bytes,
      isPartial,
      rank,
      timeMs,
      position: this.position.at(line.order),
    };
  }

  /** The unfinished line of an output, up to the position `to`. Undefined if it does not match, or is not wanted. */
  unfinished(output: OutputState, { to, bytes, ...when }: When & { to: number; bytes: Buffer }): LogLine | undefined {
    const line = this.line(output, { start: to - bytes.length, to, bytes, isPartial: true, ...when });
    const isWanted = line !== undefined && !this.#wasRead(when) && isMatch(this.#options.matcher, bytes);
    return isWanted ? line : undefined;
  }

  /** The missing bytes of an output up to the position `to`. Undefined if they are not wanted. */
  gap(output: OutputState, { to, reason, ...when }: When & { to: number; reason: GapReason }): LogGap | undefined {
    const from = Math.max(output.place, output.readTo);
    this.position.takeGap(output, to);
    if (from >= to || !isInRange(this.#options.range, when) || this.#wasRead(when)) return undefined;
    const { processId, label } = output;
    return { kind: "gap", processId, label, from, to, bytes: to - from, reason, ...this.#placed(when) };
  }

  /** Missing bytes of all outputs. */
  gapOfAll({ bytes, reason, ...when }: When & { bytes: number | undefined; reason: GapReason }): LogGap {
    const none = { processId: undefined, label: undefined, from: undefined, to: undefined };
    return { kind: "gap", ...none, bytes, reason, ...this.#placed(when) };
  }

  /** Output from before the first block. Undefined if there is none, or if it is not wanted. */
  gapBefore({ reason, isUnknown, ...when }: When & { reason: GapReason; isUnknown: boolean }): LogGap | undefined {
    const { after } = this.#options.range;
    const { given, scope } = this.position.at(when.order);
    const isComparable = !isUnknown && (after === undefined || after.scope === scope);
    const bytes = isComparable ? given - (after?.given ?? 0) : undefined;
    if (bytes === 0 || !isInRange(this.#options.range, when)) return undefined;
    return this.gapOfAll({ bytes: bytes === undefined || bytes < 0 ? undefined : bytes, reason, ...when });
  }

  /** Whether the client has read what was just taken: ids of gaps, and of lines before them, have the order of what follows. */
  #wasRead({ order }: When): boolean {
    const { after } = this.#options.range;
    const { given, scope } = this.position.at(order);
    return after !== undefined && after.order === order && after.scope === scope && after.given >= given;
  }

  #placed({ rank, timeMs, order }: When): {
    boot: string;
    name: string;
    rank: number;
    timeMs: number;
    position: StreamPosition;
  } {
    const { life, scope } = this.#options;
    return { boot: life.boot, name: scope.name, rank, timeMs, position: this.position.at(order) };
  }
}
