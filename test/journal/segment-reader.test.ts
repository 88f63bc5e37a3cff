import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Block, encodeBlock, encodedLength } from "../../src/journal/block.ts";
import type { BlockMeta } from "../../src/journal/block-meta.ts";
import { SegmentError, SegmentReader } from "../../src/journal/segment-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "segment-reader-"));
afterAll(() => rmSync(folder, { recursive: true }));

const seed = 123_456_789n;
const rounds = Number(process.env["JOURNAL_FUZZ"] ?? 3000);

function meta(rank: number, length: number): BlockMeta {
  const outputs = [
    {
      pid: 1,
      index: 0,
      at: rank,
      length,
      runs: [[rank, rank] as [number, number]],
      times: [[rank, 1] as [number, number]],
    },
  ];
  return { from: rank, to: rank + length, time: 1, outputs, processes: [], spawns: [], ends: [], exits: [] };
}

function header(version = 1): BlockMeta {
  const ended = { count: 0, newestId: 0, exitRank: 0, bytes: {} };
  return {
    ...meta(0, 0),
    outputs: [],
    segment: { version, name: "web", boot: "rabc", serial: 1, seed: String(seed), ended, keep: {} },
  };
}

function encode(value: BlockMeta, data: Buffer, with_: bigint): Buffer {
  const block = { text: JSON.stringify(value), dataLength: data.length };
  const target = Buffer.alloc(encodedLength(block));
  encodeBlock(target, { ...block, fill: (to, at) => void data.copy(to, at), seed: with_ });
  return target;
}

/** A segment with blocks of these texts. */
function segmentOf(texts: readonly string[]): Buffer {
  let rank = 0;
  const blocks = texts.map((text) => {
    const block = encode(meta(rank, text.length), Buffer.from(text), seed);
    rank += text.length;
    return block;
  });
  return Buffer.concat([encode(header(), Buffer.alloc(0), 0n), ...blocks]);
}

let count = 0;
/** The texts of the blocks that a reader finds. */
async function read(bytes: Buffer) {
  const path = join(folder, `${++count}`);
  writeFileSync(path, bytes);
  const damages: string[] = [];
  const reader = new SegmentReader({ path, onDamage: (message) => void damages.push(message) });
  const blocks: Block[] = [];
  try {
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) blocks.push(block);
  } finally {
    await reader.close();
    rmSync(path);
  }
  return { texts: blocks.slice(1).map(({ data }) => data.toString()), damages, path };
}

const texts = ["first\n", "second\n".repeat(300), "third\n", "x".repeat(3_000_000), "last\n"];

test("a reader finds all blocks, also those that are larger than what it reads at a time", async () => {
  expect(await read(segmentOf(texts))).toMatchObject({ texts, damages: [] });
});

test("a segment that ends within a block has all blocks before it, and this is not reported", async () => {
  const whole = segmentOf(["first\n", "second\n"]);
  for (let length = segmentOf(["first\n"]).length; length < whole.length; length++) {
    expect(await read(whole.subarray(0, length))).toMatchObject({ texts: ["first\n"], damages: [] });
  }
});

test("a damaged block is skipped and reported with the file, and the others are read", async () => {
  const bytes = segmentOf(texts);
  const at = segmentOf(texts.slice(0, 1)).length;
  bytes[at + 1000]! ^= 1;
  const { texts: found, damages, path } = await read(bytes);
  expect(found).toEqual(texts.filter((_, index) => index !== 1));
  expect(damages).toEqual([`${path} is damaged from byte ${at} on; the rest of it is used`]);
});

test("output that looks like a block is not taken for one, even after damage", async () => {
  for (const forged of [encode(meta(0, 6), Buffer.from("forged"), 0n), encode(header(), Buffer.alloc(0), 0n)]) {
    const data = encode(meta(0, forged.length), forged, seed);
    data[8]! ^= 1;
    const damaged = Buffer.concat([segmentOf([]), data, encode(meta(forged.length, 5), Buffer.from("last\n"), seed)]);
    expect((await read(damaged)).texts).toEqual(["last\n"]);
  }
});

describe("a segment whose beginning cannot be understood is refused with its name:", () => {
  test.each<[string, Buffer, string]>([
    ["damaged", Buffer.from("x".repeat(500)), "its first block is damaged"],
    ["without a description", encode(meta(0, 1), Buffer.from("x"), 0n), "its first block does not describe it"],
    ["of a newer version", encode(header(2), Buffer.alloc(0), 0n), "a newer gafferd has written it"],
  ])("%s", async (_, bytes, reason) => {
    const reading = read(bytes);
    await expect(reading).rejects.toThrow(
      new SegmentError(`cannot read the kept output in ${join(folder, String(count))}: ${reason}`),
    );
  });
});

test(`${rounds} segments with random damage give an error that names the file, or blocks that were written, in order`, async () => {
  const small = ["a\n", "bb\n".repeat(20), "ccc\n".repeat(400), "d\n", "e".repeat(5000)];
  const whole = segmentOf(small);
  for (let round = 0; round < rounds; round++) {
    let bytes: Buffer = Buffer.from(whole);
    for (let change = 0; change <= round % 4; change++) {
      const at = Math.floor(Math.random() * bytes.length);
      const kind = Math.floor(Math.random() * 5);
      if (kind === 0) bytes[at] = Math.floor(Math.random() * 256);
      else if (kind === 1) bytes = bytes.subarray(0, at);
      else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (round % 50))]);
      else if (kind === 3)
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at / 2, at), bytes.subarray(at)]);
      else bytes.fill(round % 256, at, Math.min(bytes.length, at + (round % 3000)));
      if (bytes.length === 0) bytes = Buffer.alloc(1);
    }
    try {
      const found = (await read(Buffer.from(bytes))).texts;
      // A repeated part can repeat whole blocks; their positions say so to whoever reads them.
      expect(found.filter((text) => !small.includes(text))).toEqual([]);
    } catch (error) {
      if (!(error instanceof SegmentError)) throw error;
      expect(error.message).toContain(join(folder, String(count)));
    }
  }
}, 60_000);

test("the format of a block does not change: a segment of version 1 can be read", async () => {
  const path = join(import.meta.dir, "version-1.gj");
  if (process.env["WRITE_SEGMENT"]) writeFileSync(path, segmentOf(["first\n", "second\n"]));
  expect((await read(readFileSync(path))).texts).toEqual(["first\n", "second\n"]);
});
