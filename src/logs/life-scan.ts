import type { Block } from "../journal/block.ts";
import type { BlockMeta, ProcessRecord } from "../journal/block-meta.ts";
import { type OutputBlock, outputKeyOf, outputsIn } from "./block-parts.ts";
import type { GapReason, LogGap, LogItem, LogLine } from "./log-item.ts";
import { maxHeldLineBytes, OutputState } from "./output-state.ts";
import { type FoundLine, PartLines } from "./part-lines.ts";
import { positionIn } from "./part-position.ts";
import { TakenItems, type TakenItemsOptions } from "./taken-items.ts";

export interface LifeScanOptions extends TakenItemsOptions {
  /** Why output from before the first block is missing; undefined if it is not. */
  readonly lossBefore: GapReason | undefined;
  /** Whether the client has read an unknown part of it. */
  readonly isLossUnknown?: boolean;
  /** At most so many lines of each block are wanted, the last ones. Default: all. */
  readonly lastLines?: number;
}

/** An item other than a line in a block, in the order of ranks. */
interface Extra {
  readonly rank: number;
  /** Takes it; undefined if it is not wanted. */
  readonly take: () => LogItem | undefined;
}

interface LoadOptions {
  /** Why bytes before the block may be missing. */
  readonly reason?: GapReason | undefined;
  /** Nothing in it is wanted. */
  readonly isSkipped?: boolean;
}

const nothing = Buffer.alloc(0);

/**
 * Searches the blocks of one boot of a template, in order, for lines that match, and for gaps. Call `load` for each block, then
 * `step` while it is busy, and `take` until it returns undefined and is not busy.
 */
export class LifeScan {
  readonly #options: LifeScanOptions;
  readonly #outputs = new Map<string, OutputState>();
  readonly #items: TakenItems;
  #parts: PartLines[] = [];
  #extras: Extra[] = [];
  #meta: BlockMeta | undefined;
  #reason: GapReason = "not_written";
  #isSkipped = false;

  constructor(options: LifeScanOptions) {
    this.#options = options;
    this.#items = new TakenItems(options);
  }

  /** Whether the last block was the last of the template: nothing is missing after it. */
  get isClosed(): boolean {
    return this.#meta?.closed === true;
  }

  /** Everything with a lower rank was loaded. */
  get rank(): number {
    return this.#meta?.to ?? 0;
  }

  /** The outputs, as they are after the last block, by process and index. */
  get outputs(): ReadonlyMap<string, OutputState> {
    return this.#outputs;
  }

  /** Whether `step` must be called before the next `take`. */
  get isBusy(): boolean {
    return this.#parts.some((part) => part.isBusy);
  }

  /** Searches a little further: about a millisecond. */
  step(): void {
    this.#parts.find((part) => part.isBusy)?.step();
  }

  /** Adds the next block. What was not taken of the last one is skipped. */
  load({ meta, data }: Block, { reason = "not_written", isSkipped = false }: LoadOptions = {}): void {
    this.finish();
    const isFirst = this.#meta === undefined;
    this.#meta = meta;
    this.#reason = reason;
    this.#isSkipped = isSkipped;
    if (isFirst) this.#begin(meta);
    for (const record of meta.processes) this.#addProcess(record, { meta, isFirst });
    const ends = new Map(meta.ends.map((end) => [outputKeyOf(end.pid, end.index), end]));
    for (const [part, bytes] of outputsIn(meta, data)) {
      const key = outputKeyOf(part.pid, part.index);
      this.#loadOutput(meta, this.#outputs.get(key), { part, bytes, end: ends.get(key) });
      ends.delete(key);
    }
    for (const [key, end] of ends) {
      this.#loadOutput(meta, this.#outputs.get(key), { part: undefined, bytes: nothing, end });
    }
    this.#extras.sort((a, b) => a.rank - b.rank);
  }

  /** The next item; undefined if the block has no more, or if it is busy. Its bytes are valid until the next call. */
  take(): LogItem | undefined {
    for (;;) {
      let next: PartLines | undefined;
      for (const part of this.#parts) if (rankOf(part) < rankOf(next)) next = part;
      const extra = this.#extras[0];
      if (extra !== undefined && extra.rank <= rankOf(next)) {
        this.#extras.shift();
        const item = extra.take();
        if (item !== undefined) return item;
      } else {
        if (next?.found === undefined) return undefined;
        const line = this.#takeLine(next, next.found);
        if (line !== undefined || next.isBusy) return line;
      }
    }
  }

  /** Pieces of unfinished lines that are too long to hold. Call after the last `take` of a block. */
  takeLong(): LogLine[] {
    const long = this.#parts.filter(({ unfinishedBytes }) => unfinishedBytes > maxHeldLineBytes);
    if (long.length === 0) return [];
    this.finish();
    return this.#takeHeld(long.map(({ output }) => output));
  }

  /** Call at the end: the unfinished lines that match, oldest first. */
  takeUnfinished(): LogLine[] {
    this.finish();
    return this.#takeHeld([...this.#outputs.values()].filter(({ heldBytes }) => heldBytes > 0));
  }

  /**
   * Call at the end of a segment, if the next one was scanned already: what the next one does not have. `positions` are those of
   * its first block.
   */
  takeBefore(positions: ReadonlyMap<string, number>): LogItem[] {
    this.finish();
    const when = { rank: this.rank, order: this.rank, timeMs: this.#meta?.time ?? 0 };
    return [...this.#outputs].flatMap(([key, output]): LogItem[] => {
      const next = positions.get(key);
      // The next segment repeats the beginning of the line.
      if (next !== undefined && next < output.head) return [];
      const line = output.heldBytes > 0 ? this.#takeHeld([output]) : [];
      if (next === undefined || next === output.head) return line;
      const gap = this.#items.gap(output, { ...when, to: next, reason: "not_written" });
      return gap === undefined ? line : [...line, gap];
    });
  }

  /** The gap after the end of a boot that was killed; undefined if the client has read it. */
  gapAtEnd(): LogGap | undefined {
    const { rank } = this;
    if ((this.#options.range.after?.order ?? 0) > rank) return undefined;
    const when = { rank, order: rank + 1, timeMs: this.#meta?.time ?? 0 };
    return this.#items.gapOfAll({ ...when, bytes: undefined, reason: "killed" });
  }

  /** Frees the bytes of the block until `resume`. */
  park(): void {
    for (const part of this.#parts) part.park();
  }

  /** Continues with the block that was loaded last. */
  resume({ meta, data }: Block): void {
    const bytes = new Map([...outputsIn(meta, data)].map(([part, own]) => [outputKeyOf(part.pid, part.index), own]));
    for (const part of this.#parts)
      part.resume(bytes.get(outputKeyOf(part.output.processId, part.output.index)) ?? nothing);
  }

  /** Call instead of `resume` if the block is gone. The rest of it is a gap. */
  abandon(): LogItem[] {
    const when = { rank: this.rank, order: this.rank, timeMs: this.#meta?.time ?? 0 };
    const extras = this.#extras.splice(0).flatMap(({ take }) => take() ?? []);
    const gaps = this.#parts.splice(0).flatMap((part) => {
      part.park();
      this.#items.position.take(part.output, part.takenTo);
      part.finish();
      return this.#items.gap(part.output, { ...when, to: part.output.head, reason: "deleted" }) ?? [];
    });
    return [...extras, ...gaps];
  }

  /** Ends the block. */
  finish(): void {
    for (const { take } of this.#extras.splice(0)) take();
    for (const part of this.#parts) {
      this.#items.position.take(part.output, part.finalPlace);
      part.finish();
    }
    this.#parts = [];
  }

  #begin({ from, time, segment }: BlockMeta): void {
    const { scope, lossBefore: reason, isLossUnknown = false } = this.#options;
    if (segment !== undefined && scope.processId === undefined) {
      for (const [label, bytes] of Object.entries(segment.ended.bytes)) {
        if (scope.label === undefined || scope.label === label) this.#items.position.add(bytes);
      }
    }
    if (reason === undefined) return;
    const when = { rank: from, order: from, timeMs: time };
    this.#extras.push({ rank: -1, take: () => this.#items.gapBefore({ ...when, reason, isUnknown: isLossUnknown }) });
  }

  #addProcess(
    { pid, labels, positions, ends }: ProcessRecord,
    { meta, isFirst }: { meta: BlockMeta; isFirst: boolean },
  ): void {
    const { scope, range } = this.#options;
    const reason = this.#reason;
    if (scope.processId !== undefined && pid !== scope.processId) return;
    const { ahead = [], piece } = range.after ?? {};
    const places = piece === undefined ? ahead : [...ahead, piece];
    labels.forEach((label, index) => {
      const key = outputKeyOf(pid, index);
      if (scope.label !== undefined && label !== scope.label) return;
      const before = positions[index] ?? 0;
      const known = this.#outputs.get(key);
      if (known !== undefined) {
        if (before > known.head && !known.hasEnded) this.#addGap(known, before, { meta, rank: meta.from, reason });
        return;
      }
      const output = new OutputState({ processId: pid, index, label, position: isFirst ? before : 0 });
      this.#outputs.set(key, output);
      if (isFirst) this.#items.position.add(before);
      else if (before > 0) this.#addGap(output, before, { meta, rank: meta.from, reason: "not_kept" });
      output.hasEnded = (ends[index] ?? null) !== null;
      const place = places.find((each) => each.processId === pid && each.outputIndex === index);
      if (place !== undefined) this.#markRead(output, place.position);
    });
  }

  #loadOutput(meta: BlockMeta, output: OutputState | undefined, { part, bytes, end }: OutputBlock): void {
    if (output === undefined || output.hasEnded) return;
    const { range, matcher, lastLines = Infinity } = this.#options;
    const reason = this.#reason;
    if (part !== undefined) {
      if (part.at > output.head) this.#addGap(output, part.at, { meta, rank: part.runs[0]?.[1] ?? 0, reason });
      const { floor = 0 } = range.after ?? {};
      if (floor > 0) this.#markRead(output, positionIn(part, floor));
    }
    const isSkipped =
      this.#isSkipped || meta.to <= (range.after?.order ?? 0) || meta.time < (range.sinceMs ?? -Infinity);
    const lines = new PartLines({ output, part, bytes, end, writtenMs: meta.time, matcher, isSkipped, lastLines });
    this.#parts.push(lines);
    if (end === undefined || lines.gapFrom === undefined) return;
    const gap = { rank: end.rank + 1, order: end.rank + 1, timeMs: meta.time, to: end.head, reason };
    // After the unfinished line, which has the rank of the end.
    this.#extras.push({ rank: end.rank + 0.5, take: () => this.#items.gap(output, gap) });
  }

  /** The client has read everything before this position of the output. */
  #markRead(output: OutputState, position: number): void {
    if (position <= output.place || position <= output.readTo) return;
    output.readTo = position;
    this.#items.position.takePart(output, position);
  }

  /** Adds the bytes up to `to` as missing, after the line that they interrupt. */
  #addGap(
    output: OutputState,
    to: number,
    { meta, rank, reason }: { meta: BlockMeta; rank: number; reason: GapReason },
  ): void {
    if (output.heldBytes > 0) {
      const line = { bytes: output.takeHeld(), to: output.head, rank, order: rank, timeMs: output.lastTimeMs };
      this.#extras.push({ rank, take: () => this.#items.unfinished(output, line) });
    }
    output.head = to;
    const gap = { rank, order: rank, timeMs: meta.time, to, reason };
    this.#extras.push({ rank, take: () => this.#items.gap(output, gap) });
  }

  #takeLine(part: PartLines, found: FoundLine): LogLine | undefined {
    const { rank, timeMs, isPartial } = found;
    part.take();
    for (const other of this.#parts) {
      if (other !== part) this.#items.position.take(other.output, other.placeBefore(rank));
    }
    const [start, to] = [part.positionOf(found), part.positionAfter(found)];
    const bytes = part.bytesOf(found);
    return this.#items.line(part.output, { start, to, bytes, isPartial, rank, timeMs, order: rank + 1 });
  }

  /** Takes the unfinished lines of these outputs. */
  #takeHeld(outputs: readonly OutputState[]): LogLine[] {
    const ordered = outputs.toSorted((a, b) => a.lastRank - b.lastRank);
    return ordered.flatMap((output) => {
      const { head: to, lastTimeMs: timeMs } = output;
      // It is not complete yet, so that it comes after every line of the block.
      const line = { bytes: output.takeHeld(), to, timeMs, rank: this.rank, order: this.rank };
      return this.#items.unfinished(output, line) ?? [];
    });
  }
}

function rankOf(part: PartLines | undefined): number {
  return part?.found?.rank ?? Infinity;
}
