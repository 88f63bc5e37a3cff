import { expect, test } from "bun:test";
import { Feed, type FeedSource } from "../../../src/http/feed/feed.ts";
import { waitFor } from "../../wait-for.ts";
import { countTurns, takeSlices } from "../../take-slices.ts";

interface PiecesOptions {
  readonly count: number;
  /** Called before each piece. */
  readonly onNext: (index: number) => void;
}

/** A source whose pieces are all available from the beginning. */
function open({ count, onNext }: PiecesOptions) {
  let index = 0;
  let isClosed = false;
  const source: FeedSource = {
    next() {
      if (index === count) return undefined;
      onNext(index);
      return Buffer.from(`${index++}\n`);
    },
    dueMs: undefined,
    get ended() {
      return index === count;
    },
    abortReason: undefined,
    close: () => (isClosed = true),
  };
  const feed = new Feed({ open: () => source, heartbeat: undefined });
  return { feed, isClosed: () => isClosed };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}\n`).join("");

test("a feed that is read as fast as it encodes gives the event loop a turn every few milliseconds", async () => {
  const { feed, isClosed } = open({ count: 100, onNext: () => Bun.sleepSync(1) });
  let text = "";
  const turns = await countTurns(async () => {
    for (let pieces = await feed.take(); pieces !== undefined; pieces = await feed.take()) {
      text += Buffer.concat([...pieces]).toString();
    }
  });
  expect(text).toBe(numbers(100));
  expect(turns).toBeGreaterThan(10);
  expect(isClosed()).toBe(true);
});

test("many feeds that are read together share the time of a turn", async () => {
  const feeds = Array.from({ length: 20 }, () => open({ count: 10, onNext: () => Bun.sleepSync(1) }).feed);
  const turns = await countTurns(async () => {
    const texts = await Promise.all(feeds.map((feed) => new Response(feed.toStream()).text()));
    expect(texts).toEqual(Array(20).fill(numbers(10)));
  });
  expect(turns).toBeGreaterThan(20);
});

test("a feed that has to wait for a later turn sends everything, in order", async () => {
  takeSlices(3);
  const { feed } = open({ count: 1000, onNext: () => {} });
  const turns = await countTurns(async () => {
    expect(await new Response(feed.toStream()).text()).toBe(numbers(1000));
  });
  expect(turns).toBeGreaterThan(1);
});

test("a source that fails in a later turn fails the response, and is closed", async () => {
  let calls = 0;
  const onNext = () => {
    calls += 1;
    if (calls > 5) throw new Error("cannot be encoded");
  };
  takeSlices(1);
  const { feed, isClosed } = open({ count: 10, onNext });
  await expect(new Response(feed.toStream()).text()).rejects.toThrow("cannot be encoded");
  expect(isClosed()).toBe(true);
});

test("a feed that is closed while it waits for its turn ends", async () => {
  takeSlices(1);
  const { feed } = open({ count: 10, onNext: () => {} });
  const taken = feed.take();
  feed.close();
  expect(await taken).toBeUndefined();
});

test("contiguous pieces are given as one, and a large piece is not copied together with small ones", async () => {
  const kib = 1024;
  const block = Buffer.alloc(100 * kib);
  const apart = Buffer.alloc(20 * kib);
  const contiguous = [block.subarray(0, 40 * kib), block.subarray(40 * kib, 70 * kib)];
  const takeAll = async () => {
    const left = [...contiguous, Buffer.from("small "), Buffer.from("ones"), apart];
    const source = { next: () => left.shift(), dueMs: undefined, ended: false, abortReason: undefined, close() {} };
    const pieces = await new Feed({ open: () => source, heartbeat: undefined }).take();
    // On a busy machine the time of the turn may end in between.
    return left.length === 0 ? pieces : undefined;
  };
  const pieces = await waitFor(takeAll, "a turn with enough time");
  expect(pieces.map(({ length }) => length)).toEqual([70 * kib, "small ones".length, apart.length]);
  expect(pieces[0]?.buffer).toBe(block.buffer);
  expect(Buffer.from(pieces[1] ?? []).toString()).toBe("small ones");
  expect(pieces[2]).toBe(apart);
});
