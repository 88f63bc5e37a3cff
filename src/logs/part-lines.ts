import type { BlockMeta, OutputPart } from "../journal/block-meta.ts";
import type { LineMatcher } from "./matching/line-matcher.ts";
import type { OutputState } from "./output-state.ts";
import { positionIn, rankIn, timeIn } from "./part-position.ts";

/** A line that matches, by offsets in the part. */
export interface FoundLine {
  /** Negative if it begins in an earlier block. */
  readonly from: number;
  /** After its line end. */
  readonly to: number;
  readonly rank: number;
  readonly timeMs: number;
  /** Whether its end is missing. */
  readonly isPartial: boolean;
}

export interface PartLinesOptions {
  readonly output: OutputState;
  /** What the block says of it; undefined if it has no bytes of this output. */
  readonly part: OutputPart | undefined;
  /** The bytes of the part. Those before `output.head` were in an earlier block. */
  readonly bytes: Buffer;
  /** Undefined if the output does not end in this block. */
  readonly end: BlockMeta["ends"][number] | undefined;
  /** When the block was written: Unix ms. */
  readonly writtenMs: number;
  readonly matcher: LineMatcher;
  /** Nothing in it is wanted. */
  readonly isSkipped: boolean;
  /** At most so many lines are wanted, the last ones. */
  readonly lastLines: number;
}

const newline = 10;
const carriageReturn = 13;
const nothing = Buffer.alloc(0);

/** The lines of one output in one block. They are searched for in small steps. */
export class PartLines {
  readonly output: OutputState;
  readonly #options: PartLinesOptions;
  /** The position of the first byte that no earlier block had. */
  readonly #base: number;
  #bytes: Buffer = nothing;
  /** After the last newline. */
  readonly #linesEnd: number;
  readonly #length: number;
  /** Everything before this offset was searched. */
  #searched = 0;
  /** Whole lines that are being searched, from the offset `chunkAt` on. */
  #chunk: Buffer | undefined;
  #chunkAt = 0;
  #found: FoundLine | undefined;
  #isDone: boolean;

  constructor(options: PartLinesOptions) {
    this.output = options.output;
    this.#options = options;
    this.#base = options.output.head;
    this.resume(options.bytes);
    this.#length = this.#bytes.length;
    this.#linesEnd = this.#bytes.lastIndexOf(newline) + 1;
    this.#isDone = options.isSkipped;
    if (options.lastLines < Infinity && !options.isSkipped) this.#searched = this.#startOfLast(options.lastLines);
  }

  /** The next line that matches; undefined if there is none, or if it was not searched for yet. */
  get found(): FoundLine | undefined {
    return this.#found;
  }

  /** Whether `step` must be called. */
  get isBusy(): boolean {
    return this.#found === undefined && !this.#isDone;
  }

  /** The position after the last byte, if the block says that the output ends after more bytes. */
  get gapFrom(): number | undefined {
    const { end } = this.#options;
    const to = this.#base + this.#length;
    return end !== undefined && end.head > to ? to : undefined;
  }

  /** Searches a little further. */
  step(): void {
    if (this.#searched === 0 && this.output.heldBytes > 0 && this.#linesEnd > 0) return this.#searchFirst();
    if (this.#chunk !== undefined) return this.#searchChunk(this.#chunk);
    if (this.#searched < this.#linesEnd) {
      const { stepBytes } = this.#options.matcher;
      const to = this.#searched + stepBytes;
      const end = to < this.#linesEnd ? this.#bytes.indexOf(newline, to) + 1 : this.#linesEnd;
      this.#chunk = this.#bytes.subarray(this.#searched, end);
      this.#chunkAt = this.#searched;
      return this.#searchChunk(this.#chunk);
    }
    this.#searchLast();
  }

  /** The position in the output up to which lines were searched. */
  get takenTo(): number {
    return this.#base + (this.#found?.from ?? this.#searched);
  }

  /** Takes the line that was found. */
  take(): void {
    this.#found = undefined;
  }

  /** The bytes of a line, without its line end. */
  bytesOf({ from, to }: FoundLine): Buffer {
    if (from >= 0) return withoutEnd(this.#bytes.subarray(from, to));
    return withoutEnd(this.output.heldWith(this.#bytes.subarray(0, to)));
  }

  /** The length of the unfinished line after this block. */
  get unfinishedBytes(): number {
    if (this.#options.end !== undefined) return 0;
    const rest = this.#length - this.#linesEnd;
    return this.#linesEnd > 0 ? rest : this.output.heldBytes + rest;
  }

  /** The position after a line in the output. */
  positionAfter({ to }: FoundLine): number {
    return this.#base + to;
  }

  /** The position of a line in the output. */
  positionOf({ from }: FoundLine): number {
    return this.#base + from;
  }

  /** The position in the output up to which whole lines were complete before `rank`. */
  placeBefore(rank: number): number {
    const { part, end } = this.#options;
    const base = this.#base;
    if (end !== undefined && end.rank < rank) return base + this.#length;
    const { place } = this.output;
    if (part === undefined) return place;
    const from = Math.max(0, place - base);
    const to = Math.min(this.#length, positionIn(part, rank) - base);
    const lineEnd = to > from ? this.#bytes.subarray(from, to).lastIndexOf(newline) + 1 : 0;
    return lineEnd === 0 ? place : base + from + lineEnd;
  }

  /** The position in the output up to which whole lines are complete. */
  get finalPlace(): number {
    const { end } = this.#options;
    if (end !== undefined) return this.#base + this.#length;
    return this.#linesEnd > 0 ? this.#base + this.#linesEnd : this.output.place;
  }

  /** Frees the bytes until `resume`. */
  park(): void {
    this.#bytes = nothing;
    this.#chunk = undefined;
  }

  /** `bytes` are all bytes of this output in the block. */
  resume(bytes: Buffer): void {
    const { part } = this.#options;
    this.#bytes = part === undefined ? nothing : bytes.subarray(Math.min(bytes.length, this.#base - part.at));
  }

  /** Call when all lines were taken: holds the unfinished line. */
  finish(): void {
    const { part, end } = this.#options;
    const { output } = this;
    if (this.#linesEnd > 0 || end !== undefined) output.takeHeld();
    output.head = this.#base + this.#length;
    if (end !== undefined) output.hasEnded = true;
    else output.hold(this.#bytes.subarray(this.#linesEnd));
    if (part === undefined || this.#length === 0) return;
    output.lastTimeMs = timeIn(part, output.head - 1);
    output.lastRank = rankIn(part, output.head - 1);
  }

  /** The offset where the last `count` lines begin; 0 if there are fewer. */
  #startOfLast(count: number): number {
    let start = this.#linesEnd;
    for (let left = count; left > 0 && start > 0; left--) {
      // A negative offset would count from the end.
      start = start === 1 ? 0 : this.#bytes.lastIndexOf(newline, start - 2) + 1;
    }
    return start;
  }

  /** The line that begins in an earlier block. */
  #searchFirst(): void {
    const to = this.#bytes.indexOf(newline) + 1;
    this.#searched = to;
    const held = this.output.heldBytes;
    if (isMatch(this.#options.matcher, this.output.heldWith(this.#bytes.subarray(0, to)))) this.#foundAt(-held, to);
  }

  #searchChunk(chunk: Buffer): void {
    const { matcher } = this.#options;
    const from = this.#searched - this.#chunkAt;
    const hit = matcher.find(chunk, from);
    if (hit < 0) {
      this.#searched = this.#chunkAt + chunk.length;
      this.#chunk = undefined;
      return;
    }
    const start = hit > from ? Math.max(from, chunk.lastIndexOf(newline, hit - 1) + 1) : from;
    const end = chunk.indexOf(newline, hit) + 1;
    this.#searched = this.#chunkAt + end;
    if (matcher.matches(withoutEnd(chunk.subarray(start, end)))) this.#foundAt(this.#chunkAt + start, this.#searched);
    if (end === chunk.length) this.#chunk = undefined;
  }

  /** The line without a newline at the end of the output. */
  #searchLast(): void {
    const { end, part, writtenMs } = this.#options;
    this.#isDone = true;
    if (end === undefined) return;
    const rest = this.#bytes.subarray(this.#linesEnd);
    const held = this.#linesEnd === 0 ? this.output.heldBytes : 0;
    if (held + rest.length === 0) return;
    const from = held > 0 ? -held : this.#linesEnd;
    if (!isMatch(this.#options.matcher, held > 0 ? this.output.heldWith(rest) : rest)) return;
    const timeMs =
      part !== undefined && this.#length > 0
        ? timeIn(part, this.#base + this.#length - 1)
        : this.output.lastTimeMs || writtenMs;
    this.#found = { from, to: this.#length, rank: end.rank, timeMs, isPartial: end.head > this.#base + this.#length };
  }

  #foundAt(from: number, to: number): void {
    const { part } = this.#options;
    if (part === undefined) return;
    const last = this.#base + to - 1;
    this.#found = { from, to, rank: rankIn(part, last), timeMs: timeIn(part, last), isPartial: false };
  }
}

/** Whether a line matches, with or without its line end. */
export function isMatch(matcher: LineMatcher, line: Buffer): boolean {
  // An empty line has no byte that could be found.
  return (matcher.find(line, 0) >= 0 || line.length === 0) && matcher.matches(withoutEnd(line));
}

/** The line without its newline, or carriage return and newline. */
function withoutEnd(line: Buffer): Buffer {
  const { length } = line;
  if (line[length - 1] !== newline) return line;
  return line.subarray(0, line[length - 2] === carriageReturn ? length - 2 : length - 1);
}
