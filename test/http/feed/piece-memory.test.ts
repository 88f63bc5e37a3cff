import { expect, test } from "bun:test";
import { PieceMemory } from "../../../src/http/feed/piece-memory.ts";

const kib = 1024;
const isNext = (piece: Buffer, before: Buffer) =>
  piece.buffer === before.buffer && piece.byteOffset === before.byteOffset + before.length;

test("pieces after a large one are contiguous, as long as the block has room", () => {
  const { allocate } = new PieceMemory();
  const pieces = [60, 9, 60, 60, 60].map((size) => allocate(size * kib));
  for (const [index, piece] of pieces.entries()) expect(index === 0 || isNext(piece, pieces[index - 1]!)).toBe(true);
  const exceeding = allocate(80 * kib);
  expect(exceeding.buffer).not.toBe(pieces[0]!.buffer);
  expect(isNext(allocate(60 * kib), exceeding)).toBe(true);
});

test("small pieces alone, and pieces that are larger than a block, have memory of their own", () => {
  const { allocate } = new PieceMemory();
  for (const size of [1, kib, 16 * kib - 1, 400 * kib]) expect(allocate(size).buffer.byteLength).toBe(size);
});

test("memory is never used twice", () => {
  const memory = new PieceMemory();
  const first = memory.allocate(60 * kib).fill(1);
  memory.drop();
  expect(memory.allocate(60 * kib).fill(2).buffer).not.toBe(first.buffer);
  expect(first.every((byte) => byte === 1)).toBe(true);
});
