import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootId } from "../../src/boot.ts";
import { encodeBlock, encodedLength } from "../../src/journal/block.ts";
import type { BlockMeta, OutputPart, ProcessRecord } from "../../src/journal/block-meta.ts";
import type { KeptOutput } from "../../src/journal/journal.ts";
import { Segments } from "../../src/journal/segments.ts";
import { silentLog } from "../supervisor/hosting.ts";

/** An item that a search must return. */
export interface Expected {
  readonly output: string;
  rank: number;
  readonly text?: string;
  readonly gap?: number;
}

interface Output {
  readonly pid: number;
  readonly index: number;
  readonly label: string;
  /** Everything that was written: the byte and its rank. */
  readonly bytes: number[];
  readonly ranks: number[];
  /** Everything before this position is in a block, or lost. */
  at: number;
  lineStart: number;
  isRecorded: boolean;
  endRank: number | undefined;
  isEndWritten: boolean;
}

const newline = 10;

/** Makes segment files as the journal writes them, with what a search must find in them. */
export class MadeHistory {
  readonly folder = join(mkdtempSync(join(tmpdir(), "logs-")), "web");
  readonly expected: Expected[] = [];
  readonly #outputs: Output[] = [];
  #rank = 0;
  #writtenRank = 0;
  #blocks: Buffer[] = [];
  #sequence = 0;
  readonly #seed = 77n;
  /** Losses since the last block. */
  #losses: { item: { rank: number; gap?: number }; output: number }[] = [];
  #clockMs = Date.parse("2026-01-01T00:00:00Z");

  constructor() {
    mkdirSync(this.folder, { recursive: true });
  }

  addProcess(pid: number, labels: readonly string[]): void {
    labels.forEach((label, index) => {
      const state = { at: 0, lineStart: 0, isRecorded: false, endRank: undefined, isEndWritten: false };
      this.#outputs.push({ pid, index, label, bytes: [], ranks: [], ...state });
    });
  }

  get outputs(): readonly { readonly hasEnded: boolean }[] {
    return this.#outputs.map(({ endRank }) => ({ hasEnded: endRank !== undefined }));
  }

  write(output: number, text: string): void {
    const { bytes, ranks } = this.#outputs[output]!;
    for (const byte of Buffer.from(text)) {
      bytes.push(byte);
      ranks.push(this.#rank++);
    }
  }

  end(output: number): void {
    this.#outputs[output]!.endRank ??= this.#rank++;
  }

  /** Loses the next `bytes` bytes of an output that are not in a block yet. */
  lose(output: number, bytes: number): void {
    const each = this.#outputs[output]!;
    const to = Math.min(each.bytes.length, each.at + bytes);
    // Two losses without a block in between would be one.
    if (to === each.at || each.isEndWritten || this.#losses.some((loss) => loss.output === output)) return;
    const rank = to < each.bytes.length ? each.ranks[to]! : each.endRank;
    // What is missing at the end shows only when more follows.
    if (rank === undefined) return;
    const before = this.expected.length;
    if (each.at > each.lineStart) this.#expect(each, each.lineStart, each.at, rank - 0.4);
    this.expected.push({ output: nameOf(each), rank: rank - 0.3, gap: to - each.at });
    this.#losses.push(...this.expected.slice(before).map((item) => ({ item, output })));
    each.at = each.lineStart = to;
  }

  /** Writes what is pending as a block. */
  block(): void {
    this.#clockMs += 7;
    if (this.#blocks.length === 0) this.#begin();
    const changed = this.#outputs.filter((each) => each.bytes.length > each.at);
    const ending = this.#outputs.filter((each) => each.endRank !== undefined && !each.isEndWritten);
    const isNew = new Set(this.#outputs.filter(({ isRecorded }) => !isRecorded).map(({ pid }) => pid));
    const parts = changed.map((each) => partOf(each, each.at, each.bytes.length, this.#clockMs));
    const data = Buffer.concat(changed.map((each) => Buffer.from(each.bytes.slice(each.at))));
    const meta: BlockMeta = {
      ...this.#meta(),
      outputs: parts,
      processes: [...isNew].map((pid) => this.#record(pid, () => 0)),
      ends: ending.map(({ pid, index, bytes, endRank = 0 }) => ({ pid, index, head: bytes.length, rank: endRank })),
    };
    for (const each of this.#outputs) each.isRecorded = true;
    for (const each of changed) this.#readLines(each);
    for (const each of ending) {
      each.isEndWritten = true;
      if (each.lineStart < each.bytes.length) this.#expect(each, each.lineStart, each.bytes.length, each.endRank!);
      each.lineStart = each.bytes.length;
    }
    this.#writtenRank = this.#rank;
    this.#blocks.push(encode(meta, data, this.#seed));
    this.#losses = [];
  }

  /** Ends the segment. */
  rotate(): void {
    if (this.#blocks.length === 0) return;
    this.#sequence += 1;
    writeFileSync(join(this.folder, `${String(this.#sequence).padStart(10, "0")}.gj`), Buffer.concat(this.#blocks));
    this.#blocks = [];
  }

  /** The kept output. No more may be written. */
  async open(): Promise<KeptOutput> {
    this.block();
    this.rotate();
    for (const each of this.#outputs) {
      const { bytes, ranks, lineStart } = each;
      // Unfinished lines come last, in the order of their last bytes.
      if (lineStart < bytes.length) this.#expect(each, lineStart, bytes.length, 1e9 + ranks.at(-1)!);
    }
    this.expected.sort((a, b) => a.rank - b.rank);
    const segments = new Segments(this.folder, silentLog);
    await segments.load();
    return { segments, writer: undefined, flush: async () => {} } as unknown as KeptOutput;
  }

  [Symbol.dispose](): void {
    rmSync(join(this.folder, ".."), { recursive: true });
  }

  #begin(): void {
    // A segment shows in its first block what is missing before it.
    for (const { item, output } of this.#losses) {
      if (!this.#outputs[output]!.isRecorded) continue;
      item.rank = this.#writtenRank - 0.5 + output / 100 + (item.gap === undefined ? 0 : 0.005);
    }
    const known = new Set(this.#outputs.filter(({ isRecorded }) => isRecorded).map(({ pid }) => pid));
    const repeated = this.#outputs.filter(
      ({ isRecorded, lineStart, at, isEndWritten }) =>
        isRecorded && !isEndWritten && lineStart < at && at - lineStart <= 64 * 1024,
    );
    const data = Buffer.concat(repeated.map(({ bytes, lineStart, at }) => Buffer.from(bytes.slice(lineStart, at))));
    const meta: BlockMeta = {
      ...this.#meta(),
      to: this.#writtenRank,
      outputs: repeated.map((each) => partOf(each, each.lineStart, each.at, this.#clockMs)),
      processes: [...known].map((pid) =>
        this.#record(pid, (each) => (repeated.includes(each) ? each.lineStart : each.at)),
      ),
      segment: {
        version: 1,
        name: "web",
        boot: bootId,
        serial: 9,
        seed: String(this.#seed),
        ended: { count: 0, newestId: 0, exitRank: 0, bytes: {} },
        keep: {},
      },
    };
    this.#blocks.push(encode(meta, data, 0n));
  }

  #meta(): BlockMeta {
    const time = this.#clockMs;
    return {
      from: this.#writtenRank,
      to: this.#rank,
      time,
      outputs: [],
      processes: [],
      spawns: [],
      ends: [],
      exits: [],
    };
  }

  #record(pid: number, positionOf: (output: Output) => number): ProcessRecord {
    const own = this.#outputs.filter((each) => each.pid === pid);
    return {
      pid,
      osPid: pid,
      slot: 0,
      startedAt: 1,
      labels: own.map(({ label }) => label),
      positions: own.map(positionOf),
      ends: own.map(({ isEndWritten, endRank }) => (isEndWritten ? (endRank ?? null) : null)),
      spawnRank: null,
    };
  }

  #readLines(each: Output): void {
    for (let at = each.at; at < each.bytes.length; at++) {
      if (each.bytes[at] !== newline) continue;
      this.#expect(each, each.lineStart, at + 1, each.ranks[at]!);
      each.lineStart = at + 1;
    }
    each.at = each.bytes.length;
  }

  #expect(each: Output, from: number, to: number, rank: number): void {
    const text = Buffer.from(each.bytes.slice(from, to)).toString("latin1");
    this.expected.push({ output: nameOf(each), rank, text: text.replace(/\r?\n$/, "") });
  }
}

function nameOf({ pid, label }: Output): string {
  return `${pid} ${label}`;
}

function partOf({ pid, index, ranks }: Output, from: number, to: number, timeMs: number): OutputPart {
  const runs: [number, number][] = [];
  for (let at = from; at < to; at++) if (at === from || ranks[at] !== ranks[at - 1]! + 1) runs.push([at, ranks[at]!]);
  return { pid, index, at: from, length: to - from, runs, times: [[from, timeMs]] };
}

function encode(meta: BlockMeta, data: Buffer, seed: bigint): Buffer {
  const block = { text: JSON.stringify(meta), dataLength: data.length };
  const target = Buffer.alloc(encodedLength(block));
  encodeBlock(target, { ...block, fill: (to, at) => void data.copy(to, at), seed });
  return target;
}
