import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { currentMoment } from "../../src/moment.ts";
import { RankCounter } from "../../src/output/rank-counter.ts";
import { Ring } from "../../src/output/ring.ts";

describe("the order of the bytes of several outputs", () => {
  test("is exact for every byte in the ring; bytes are dropped together with their rank", () => {
    const write = fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(fc.array(write, { maxLength: 3000, size: "max" }), (writes) => {
        const rings = createRings();
        const ranks = rings.map((): number[] => []);
        let next = 0;
        for (const [index, length] of writes) {
          rings[index]!.write(new Uint8Array(length), currentMoment());
          for (let count = 0; count < length; count++) ranks[index]!.push(next++);
        }
        for (const [index, ring] of rings.entries()) {
          const held = ranks[index]!.slice(ring.oldest);
          expect(held.map((_, at) => ring.order.rankAt(ring.oldest + at))).toEqual(held);
          for (const rank of [0, next >> 1, next]) {
            if (!ring.order.covers(rank)) continue;
            expect(ring.countBefore(rank)).toBe(ranks[index]!.filter((each) => each < rank).length);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test("needs at most one run per 16 bytes of capacity; with shorter alternating writes, the ring keeps fewer bytes", () => {
    const rings = createRings(65_536);
    for (let count = 0; count < 20_000; count++)
      for (const ring of rings) ring.write(new Uint8Array(1), currentMoment());
    for (const ring of rings) expect([ring.head - ring.oldest, ring.freeBefore(ring.oldest)]).toEqual([4096, 0]);
  });
});

function createRings(capacity = 4096): Ring[] {
  const ranks = new RankCounter();
  return [0, 1, 2].map(() => new Ring(capacity, ranks));
}
