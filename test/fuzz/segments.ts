import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBlock, encodedLength } from "../../src/journal/block.ts";
import type { BlockMeta } from "../../src/journal/block-meta.ts";
import { ReplaySource } from "../../src/journal/replay-source.ts";
import { SegmentError, SegmentReader } from "../../src/journal/segment-reader.ts";
import type { FuzzTarget } from "./target.ts";
import { damaged } from "./text.ts";

const seed = 123_456_789n;
/** Sizes of the blocks. */
const lengths = [1, 30, 4000, 70_000, 5, 300, 9];

/**
 * A segment with damaged bytes is read up to an error that names it, or around the damage with a message that names it. Every
 * byte that is read is the one that was written at its position.
 */
export const segments: FuzzTarget = {
  name: "segments",
  inputs: 400,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-fuzz-segments-"));
    const path = join(folder, "0000000001.gj");
    const original = createSegment();
    const repeated = fc
      .tuple(fc.nat({ max: original.length }), fc.nat({ max: original.length }))
      .map(([from, at]) => Buffer.concat([original.subarray(0, at), original.subarray(from)]));
    const cut = fc.nat({ max: original.length }).map((length) => original.subarray(0, length));
    const file = fc.oneof(damaged(fc.constant(original)), damaged(repeated), cut);
    return {
      property: fc.asyncProperty(file, async (bytes) => {
        writeFileSync(path, bytes);
        await readSegment(path);
      }),
      settle: async () => {},
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

async function readSegment(path: string): Promise<void> {
  const damages: string[] = [];
  const reader = new SegmentReader({ path, onDamage: (message) => void damages.push(message) });
  const source = new ReplaySource({ name: "web", boot: "rabc", serial: 1, processId: undefined });
  try {
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
      source.apply(block);
      for (const [, ring] of source.processes().flatMap(({ rings }) => [...rings])) {
        for (let at = Math.max(ring.oldest, ring.head - block.data.length); at < ring.head; at++) {
          if (ring.byteAt(at) !== byteAt(at)) throw new Error(`the byte at ${at} is wrong`);
        }
      }
      source.prune();
    }
  } catch (error) {
    if (!(error instanceof SegmentError) || !error.message.includes(path)) throw error;
  } finally {
    await reader.close();
  }
  if (damages.some((message) => !message.includes(path))) throw new Error(damages.join("\n"));
}

function byteAt(position: number): number {
  return 32 + ((position * 7919) % 95);
}

function createSegment(): Buffer {
  const ended = { count: 0, newestId: 0, exitRank: 0, bytes: {} };
  const segment = { version: 1, name: "web", boot: "rabc", serial: 1, seed: String(seed), ended, keep: {} };
  const blocks = [encode({ ...empty(0), segment }, 0, 0, 0n)];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const outputs = [{ pid: 1, index: 0, at, length, runs: [pair(at, at)], times: [pair(at, 1)] }];
    const processes = index === 0 ? [firstProcess] : [];
    blocks.push(encode({ ...empty(at), to: at + length, outputs, processes }, at, length, seed));
    at += length;
  }
  return Buffer.concat(blocks);
}

const firstProcess = {
  pid: 1,
  osPid: 4711,
  slot: 0,
  startedAt: 1,
  labels: ["out"],
  positions: [0],
  ends: [null],
  spawnRank: null,
};

function pair(position: number, value: number): [number, number] {
  return [position, value];
}

function empty(rank: number): BlockMeta {
  return { from: rank, to: rank, time: 1, outputs: [], processes: [], spawns: [], ends: [], exits: [] };
}

function encode(meta: BlockMeta, from: number, dataLength: number, blockSeed: bigint): Buffer {
  const text = JSON.stringify(meta);
  const target = Buffer.alloc(encodedLength({ text, dataLength }));
  const fill = (to: Buffer, at: number) => {
    for (let index = 0; index < dataLength; index++) to[at + index] = byteAt(from + index);
  };
  encodeBlock(target, { text, dataLength, fill, seed: blockSeed });
  return target;
}
