import { mkdirSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { OutputKeep } from "../template/template.ts";
import { SegmentReader } from "./segment-reader.ts";

/** A file with output of one boot of a template. */
export interface Segment {
  readonly path: string;
  /** 1, 2, 3 … in the order of writing, over all boots. */
  readonly sequence: number;
  readonly boot: string;
  readonly serial: number;
  /** Everything in it has this rank or a higher one, except the beginnings of unfinished lines. */
  readonly rank: number;
  readonly keep: OutputKeep;
  /** Bytes that are completely written. */
  size: number;
  /** When it was last written: Unix ms. */
  writtenAtMs: number;
}

/** The consecutive segments of one boot of a template. */
export interface Life {
  readonly boot: string;
  readonly serial: number;
  readonly segments: readonly Segment[];
}

/** More than the first block of most segments. */
const headerWindowBytes = 32 * 1024;
const namePattern = /^(\d{10})\.gj$/;

/**
 * The segments of one template, in a folder of their own. To read what is on disk, take it from `Journal.find(name)`, then
 * `await segments.load()` and `await flush()`.
 *
 * - By boot: `lives`, oldest first. The id of a stream has the boot and the serial of its life, and a rank (`order`).
 * - By id: in a life, the last segment whose `rank` is at most the rank of the id; then blocks up to that rank.
 * - By time: segments whose `writtenAtMs` is lower have nothing that is as new; in a block, `times` of each output.
 * - Forwards: `SegmentReader` with `limit: () => segment.size` for one segment, `LifeBlocks` for all of a life from one on.
 * - Backwards: `lives` and `life.segments` from the end; a segment (at most 16 MiB, and a block) is read forwards.
 *
 * `block.data` has the bytes of `block.meta.outputs`, one after the other. Labels are in `meta.processes`, in the block where a
 * process is named first, and again in the first block of every segment. The first block repeats the beginnings of
 * unfinished lines, so that every line that ends in a segment can be read whole from it: `at` says what was read before.
 */
export class Segments {
  readonly folder: string;
  readonly #log: Logger;
  #list: Segment[] = [];
  #loaded: Promise<void> | undefined;
  /** The sequences of the segments of earlier boots; undefined before the folder was read. */
  #earlier: readonly number[] | undefined;
  #lastSequence = 0;

  constructor(folder: string, log: Logger) {
    this.folder = folder;
    this.#log = log;
  }

  /** Oldest first. Call `load` before. */
  get list(): readonly Segment[] {
    return this.#list;
  }

  /** The segments by boot, oldest first. */
  get lives(): readonly Life[] {
    const lives: { boot: string; serial: number; segments: Segment[] }[] = [];
    for (const segment of this.#list) {
      const { boot, serial } = segment;
      const last = lives.at(-1);
      if (last?.boot === boot && last.serial === serial) last.segments.push(segment);
      else lives.push({ boot, serial, segments: [segment] });
    }
    return lives;
  }

  /** Reads what earlier boots have left. A file that cannot be read is logged and left alone. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#load());
  }

  /** The path and the number of the next segment. Creates the folder. */
  next(): { readonly path: string; readonly sequence: number } {
    this.#scan();
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#lastSequence += 1;
    return { sequence: this.#lastSequence, path: this.#pathOf(this.#lastSequence) };
  }

  add(segment: Segment): void {
    this.#list.push(segment);
  }

  /** Deletes whole segments that are beyond the limits, oldest first, but never `current`. */
  async enforce(keep: OutputKeep, nowMs: number, current?: Segment): Promise<void> {
    const expired = expiredSegments(this.#list, keep, nowMs);
    const old = expired.slice(0, current === undefined ? Infinity : expired.indexOf(current) >>> 0);
    this.#list = this.#list.filter((each) => !old.includes(each));
    for (const [index, { path }] of old.entries()) {
      try {
        await rm(path, { force: true });
      } catch (error) {
        this.#log.error(`cannot delete kept output: ${messageOf(error)}`);
        this.#list = [...old.slice(index), ...this.#list];
        return;
      }
    }
  }

  async #load(): Promise<void> {
    const found: Segment[] = [];
    for (const sequence of this.#scan()) {
      const path = this.#pathOf(sequence);
      const reader = new SegmentReader({ path, windowBytes: headerWindowBytes });
      try {
        const first = await reader.next();
        if (first?.meta.segment === undefined) continue;
        const { size, mtimeMs } = statSync(path);
        const { boot, serial, keep } = first.meta.segment;
        found.push({ path, sequence, boot, serial, rank: first.meta.to, keep, size, writtenAtMs: mtimeMs });
      } catch (error) {
        this.#log.error(messageOf(error));
      } finally {
        await reader.close();
      }
    }
    this.#list = [...found, ...this.#list];
  }

  /** The segments that were there before the first one of this boot. */
  #scan(): readonly number[] {
    if (this.#earlier === undefined) {
      this.#earlier = sequencesIn(this.folder);
      this.#lastSequence = this.#earlier.at(-1) ?? 0;
    }
    return this.#earlier;
  }

  #pathOf(sequence: number): string {
    return join(this.folder, `${String(sequence).padStart(10, "0")}.gj`);
  }
}

/** The segments that the limits no longer allow, oldest first. */
export function expiredSegments(segments: readonly Segment[], keep: OutputKeep, nowMs: number): Segment[] {
  let bytes = segments.reduce((sum, { size }) => sum + size, 0);
  const expired: Segment[] = [];
  for (const segment of segments) {
    const isOld = nowMs - segment.writtenAtMs > (keep.maxAgeMs ?? Infinity);
    if (!isOld && bytes <= (keep.maxBytes ?? Infinity)) break;
    expired.push(segment);
    bytes -= segment.size;
  }
  return expired;
}

/** In ascending order. */
function sequencesIn(folder: string): number[] {
  try {
    const names = readdirSync(folder).flatMap((name) => namePattern.exec(name)?.[1] ?? []);
    return names.map(Number).toSorted((a, b) => a - b);
  } catch {
    return [];
  }
}
