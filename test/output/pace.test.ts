import { expect, test } from "bun:test";
import { currentMoment } from "../../src/moment.ts";
import { Cursor } from "../../src/output/cursor.ts";
import { writableBytes, waitForReaders } from "../../src/output/pace.ts";
import { Ring } from "../../src/output/ring.ts";

const capacity = 8192;

test("without readers, the writer may write any number of bytes", () => {
  expect(writableBytes(new Ring(capacity), 100_000)).toBe(100_000);
});

test("a lossless reader is never overrun", () => {
  const ring = new Ring(capacity);
  const reader = new Cursor(ring, { position: 0, losslessTimeoutMs: 30_000 });
  ring.write(new Uint8Array(capacity - 100), currentMoment());
  expect(writableBytes(ring, 1000)).toBe(100);
  ring.write(new Uint8Array(100), currentMoment());
  expect(writableBytes(ring, 1000)).toBe(0);
  reader.advance(300);
  expect(writableBytes(ring, 1000)).toBe(300);
  reader.close();
  expect(writableBytes(ring, 1000)).toBe(1000);
});

test("the writer continues as soon as the lossless reader reads", async () => {
  const ring = new Ring(capacity);
  const reader = new Cursor(ring, { position: 0, losslessTimeoutMs: 30_000 });
  ring.write(new Uint8Array(capacity), currentMoment());
  const waiting = waitForReaders(ring);
  reader.advance(10);
  await waiting;
  expect(writableBytes(ring, 100)).toBe(10);
});

test("a lossless reader that reads nothing during its timeout is cut off, and the writer continues", async () => {
  const ring = new Ring(capacity);
  let cutOffs = 0;
  const reader = new Cursor(ring, { position: 0, losslessTimeoutMs: 30, onCutOff: () => cutOffs++ });
  ring.write(new Uint8Array(capacity), currentMoment());
  while (writableBytes(ring, 100) === 0) await waitForReaders(ring);
  expect(cutOffs).toBe(1);
  ring.write(new Uint8Array(100), currentMoment());
  expect(reader.takeGap()).toEqual({ from: 0, to: 100 });
});

test("a lossless reader that reads a little within each timeout is not cut off", async () => {
  const ring = new Ring(capacity);
  let cutOffs = 0;
  const reader = new Cursor(ring, { position: 0, losslessTimeoutMs: 60, onCutOff: () => cutOffs++ });
  ring.write(new Uint8Array(capacity), currentMoment());
  const startedMs = performance.now();
  while (performance.now() - startedMs < 150) {
    setTimeout(() => reader.advance(reader.position + 1), 10);
    await waitForReaders(ring);
    ring.write(new Uint8Array(writableBytes(ring, 1)), currentMoment());
  }
  expect(cutOffs).toBe(0);
});

test("a lossless reader that was idle before the flood still has its whole timeout", async () => {
  const ring = new Ring(capacity);
  const reader = new Cursor(ring, { position: 0, losslessTimeoutMs: 50 });
  await Bun.sleep(80);
  ring.write(new Uint8Array(capacity), currentMoment());
  expect(reader.waitBudgetMs).toBe(50);
  expect(writableBytes(ring, 1)).toBe(0);
});

test("the writer waits at most 20 ms for any other reader, until it has read enough to earn more time", async () => {
  const ring = new Ring(capacity);
  const reader = new Cursor(ring, { position: 0 });
  ring.write(new Uint8Array(capacity), currentMoment());
  while (writableBytes(ring, capacity) === 0) await waitForReaders(ring);
  expect(reader.waitBudgetMs).toBeLessThanOrEqual(0);
  ring.write(new Uint8Array(capacity), currentMoment());
  reader.takeGap();
  reader.advance(reader.position + 100);
  expect(reader.waitBudgetMs).toBeLessThan(0.01);
});

test("with a `creditShare`, a reader earns time by the time that passes, however little it reads, 20 ms at most", async () => {
  const ring = new Ring(capacity);
  const reader = new Cursor(ring, { position: 0, creditShare: 1 });
  ring.write(new Uint8Array(capacity), currentMoment());
  while (writableBytes(ring, capacity) === 0) await waitForReaders(ring);
  expect(reader.waitBudgetMs).toBeLessThanOrEqual(0);
  ring.write(new Uint8Array(capacity), currentMoment());
  reader.takeGap();
  reader.advance(reader.position + 1);
  expect(reader.waitBudgetMs).toBeGreaterThan(0);
  expect(reader.waitBudgetMs).toBeLessThanOrEqual(20);
});
