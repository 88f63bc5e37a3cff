import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openInside } from "../../../src/files/open-inside.ts";
import { FilePieces } from "../../../src/http/plugins/file-pieces.ts";
import { waitFor } from "../../wait-for.ts";
import { temporaryFolder } from "../listen/listening.ts";

const content = new Uint8Array(1_000_000).map((_, index) => index % 251);

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder.path, "file"), content);
});
afterEach(() => folder[Symbol.dispose]());

const descriptorCount = () => readdirSync("/proc/self/fd").length;

async function open(first = 0, last = content.length - 1, stallMs?: number) {
  const before = descriptorCount();
  const file = await openInside(folder.path, join(folder.path, "file"));
  if (file?.kind !== "file") throw new Error("not opened");
  const pieces = new FilePieces(file, { first, last }, stallMs);
  const reasons: string[] = [];
  pieces.onAbort(({ message }) => reasons.push(message));
  return { pieces, reasons, isClosed: () => descriptorCount() === before };
}

async function takeAll(pieces: FilePieces): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  for (;;) {
    const batch = await pieces.take();
    if (batch === undefined) return Buffer.concat(taken);
    // The next `take` reuses their memory.
    for (const piece of batch) taken.push(piece.slice());
  }
}

test("a part of a file comes in pieces, and the file is closed at its end", async () => {
  for (const [first, last] of [
    [0, content.length - 1],
    [300_000, 900_000],
    [7, 7],
  ] as const) {
    const { pieces, reasons, isClosed } = await open(first, last);
    expect(pieces.length).toBe(last + 1 - first);
    expect(Bun.hash(await takeAll(pieces))).toBe(Bun.hash(content.subarray(first, last + 1)));
    expect([isClosed(), reasons]).toEqual([true, []]);
  }
});

test("the pieces of a stream have their own memory", async () => {
  const { pieces, isClosed } = await open();
  const kept = await Array.fromAsync(pieces.toStream());
  expect(Bun.hash(Buffer.concat(kept))).toBe(Bun.hash(content));
  expect(isClosed()).toBe(true);
});

test("a client that takes nothing for a while is disconnected, and the file is closed", async () => {
  const { pieces, reasons, isClosed } = await open(0, content.length - 1, 30);
  await pieces.take();
  await waitFor(isClosed, "the end of the file");
  expect([reasons, await pieces.take()]).toEqual([["the client took nothing for 0.03 s"], undefined]);
});

test("a file that becomes shorter ends the response, and is closed", async () => {
  const { pieces, reasons, isClosed } = await open();
  await pieces.take();
  truncateSync(join(folder.path, "file"), 10);
  expect([await pieces.take(), reasons]).toEqual([undefined, ["the file became shorter while it was sent"]]);
  expect(isClosed()).toBe(true);
});

test("a stream that is cancelled closes the file", async () => {
  const { pieces, reasons, isClosed } = await open();
  const reader = pieces.toStream().getReader();
  await reader.read();
  const next = reader.read();
  await reader.cancel();
  expect((await next).done).toBe(true);
  await waitFor(isClosed, "the end of the file");
  expect(reasons).toEqual([]);
});
