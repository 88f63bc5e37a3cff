import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { currentMoment } from "../../src/moment.ts";
import { Cursor } from "../../src/output/cursor.ts";
import { OutputMemory } from "../../src/output/output-memory.ts";
import { writableBytes } from "../../src/output/pace.ts";
import { RankCounter } from "../../src/output/rank-counter.ts";
import { Ring } from "../../src/output/ring.ts";

const minimum = 4096;

function ringIn(memory: OutputMemory, capacity: number, name = "web"): Ring {
  return new Ring(capacity, new RankCounter(), undefined, memory.of(name));
}

function write(ring: Ring, length: number): void {
  ring.write(
    Uint8Array.from({ length }, (_, index) => (ring.head + index) % 251),
    currentMoment(),
  );
}

/** All bytes in the ring are those that `write` wrote at their positions. */
function expectExact(ring: Ring): void {
  const bytes = ring.copy(ring.oldest, ring.head);
  expect(bytes).toEqual(Uint8Array.from(bytes, (_, index) => (ring.oldest + index) % 251));
}

describe("the memory of all outputs", () => {
  test("stays within the limit and the minimum of each ring, and every byte keeps its position", () => {
    const writes = fc.array(fc.record({ ring: fc.nat(5), length: fc.integer({ min: 1, max: 20_000 }) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 4096, max: 70_000 }), writes, (...given) => {
        const [limit, capacity, steps] = given;
        const memory = new OutputMemory(limit);
        const rings = Array.from({ length: 6 }, () => ringIn(memory, capacity));
        const cursors = rings.map((ring) => new Cursor(ring, { position: 0 }));
        for (const { ring: index, length } of steps) {
          const ring = rings[index]!;
          const cursor = cursors[index]!;
          write(ring, length);
          const before = cursor.position;
          const gap = cursor.takeGap();
          expect(gap?.from ?? before).toBe(before);
          expect(gap?.to ?? before).toBe(Math.max(before, ring.oldest));
          expect(ring.head - ring.oldest).toBe(Math.min(ring.head, ring.capacity));
          expectExact(ring);
          expect(memory.held).toBeLessThanOrEqual(limit + rings.length * minimum);
        }
        for (const ring of rings) ring.drop();
        expect(memory.held).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("that is short makes a ring stay as it is, which is told once", () => {
    const told: unknown[] = [];
    const memory = new OutputMemory(16_384, (shortage) => told.push(shortage));
    const ring = ringIn(memory, 65_536, "api");
    for (let i = 0; i < 40; i++) write(ring, 1000);
    expect(ring.capacity).toBe(16_384);
    expect([ring.oldest, ring.head]).toEqual([40_000 - 16_384, 40_000]);
    expectExact(ring);
    expect(told).toEqual([{ name: "api", capacity: 16_384, limit: 16_384 }]);
    const late = ringIn(memory, 65_536, "late");
    write(late, 5000);
    expect([late.capacity, late.oldest, late.head]).toEqual([4096, 904, 5000]);
    expect(told).toHaveLength(2);
  });

  test("does not make a ring overwrite what the writer waits for", () => {
    const ring = ringIn(new OutputMemory(8192), 65_536);
    const cursor = new Cursor(ring, { position: 0, losslessTimeoutMs: 1000 });
    const free = writableBytes(ring, 20_000);
    expect(free).toBe(8192);
    write(ring, free);
    expect(writableBytes(ring, 1)).toBe(0);
    expect(cursor.takeGap()).toBeUndefined();
  });

  test("is taken from old outputs first, oldest first, and only as much as is needed", () => {
    const memory = new OutputMemory(40_960);
    const dropped: number[] = [];
    const old = [0, 1, 2, 3].map((index) => {
      const ring = ringIn(memory, 8192);
      write(ring, 8192);
      ring.end();
      memory.addOld({ mayDrop: index !== 1, drop: () => (dropped.push(index), ring.drop()) });
      return ring;
    });
    const reader = new Cursor(old[0]!, { position: 100 });
    const ring = ringIn(memory, 65_536);
    write(ring, 8192);
    expect(dropped).toEqual([]);
    write(ring, 1);
    expect(dropped).toEqual([0]);
    expect(ring.capacity).toBe(65_536);
    expect(reader.takeGap()).toEqual({ from: 100, to: 8192 });
    expect(reader.available).toBe(0);
    write(ring, 8192);
    expect(dropped).toEqual([0, 2, 3]);
    expect([ring.capacity, memory.held]).toEqual([65_536, 8192 + 32_768]);
  });

  test("no longer counts a ring that is not kept", () => {
    const memory = new OutputMemory(65_536);
    const ring = ringIn(memory, 8192);
    write(ring, 5000);
    expect(memory.held).toBe(8192);
    ring.uncount();
    ring.drop();
    expect(memory.held).toBe(0);
  });
});
