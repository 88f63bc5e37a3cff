import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { currentMoment } from "../../src/moment.ts";
import { Cursor } from "../../src/output/cursor.ts";
import { Ring } from "../../src/output/ring.ts";

type Action =
  | { readonly kind: "write"; readonly length: number }
  | { readonly kind: "read"; readonly reader: number; readonly most: number }
  | { readonly kind: "join"; readonly back: number };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("write" as const), length: fc.integer({ min: 0, max: 9000 }) }),
    fc.record({ kind: fc.constant("write" as const), length: fc.integer({ min: 1, max: 40 }) }),
    fc.record({
      kind: fc.constant("read" as const),
      reader: fc.nat(4),
      most: fc.integer({ min: 1, max: 7000 }),
    }),
    fc.record({ kind: fc.constant("join" as const), back: fc.nat(5000) }),
  ),
  { maxLength: 60 },
);

describe("ring", () => {
  test("a reader gets all written bytes except those in its gaps", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4096, max: 9000 }), actions, (capacity, steps) => {
        const ring = new Ring(capacity);
        let written: number[] = [];
        const readers: { cursor: Cursor; seen: Map<number, number>; lost: [number, number][]; begin: number }[] = [];
        for (const step of steps) {
          if (step.kind === "write") {
            const bytes = Uint8Array.from({ length: step.length }, (_, index) => (written.length + index) % 251);
            ring.write(bytes, currentMoment());
            written = [...written, ...bytes];
          } else if (step.kind === "join") {
            const begin = Math.max(ring.oldest, ring.head - step.back);
            readers.push({ cursor: new Cursor(ring, { position: begin }), seen: new Map(), lost: [], begin });
          } else {
            const reader = readers[step.reader % Math.max(1, readers.length)];
            if (reader) read(reader, step.most);
          }
        }
        for (const reader of readers) {
          while (reader.cursor.position < ring.head) read(reader, 4096);
          const expected = written
            .map((byte, position) => [position, byte] as const)
            .filter(([position]) => position >= reader.begin)
            .filter(([position]) => !reader.lost.some(([from, to]) => position >= from && position < to));
          expect<(readonly [number, number])[]>([...reader.seen]).toEqual(expected);
        }
        expect(ring.head).toBe(written.length);
        expect(Buffer.from(ring.copy(ring.oldest, ring.head))).toEqual(Buffer.from(written.slice(-capacity)));
      }),
      { numRuns: 200 },
    );
  });

  test("memory grows by doubling from 4 KiB and stops at the capacity", () => {
    const ring = new Ring(10_000);
    expect(ring.view(0, 0).buffer.byteLength).toBe(0);
    ring.write(new Uint8Array(1), currentMoment());
    expect(ring.view(0, 1).buffer.byteLength).toBe(4096);
    ring.write(new Uint8Array(4096), currentMoment());
    expect(ring.view(0, 1).buffer.byteLength).toBe(8192);
    ring.write(new Uint8Array(50_000), currentMoment());
    expect(ring.view(ring.oldest, ring.head).buffer.byteLength).toBe(10_000);
    expect(ring.head).toBe(54_097);
    expect(ring.oldest).toBe(44_097);
  });

  test("a closed cursor is removed from the ring", () => {
    const ring = new Ring(4096);
    for (let count = 0; count < 10_000; count++) new Cursor(ring, { position: 0 }).close();
    expect(ring.cursors.size).toBe(0);
  });

  test("every write and the end wake each reader", () => {
    const ring = new Ring(4096);
    let woken = 0;
    const cursor = new Cursor(ring, { position: 0, onChange: () => woken++ });
    ring.write(Buffer.from("a"), currentMoment());
    ring.write(new Uint8Array(0), currentMoment());
    ring.end();
    ring.end();
    expect(woken).toBe(2);
    cursor.close();
  });
});

function read(reader: { cursor: Cursor; seen: Map<number, number>; lost: [number, number][] }, most: number): void {
  const { cursor, seen, lost } = reader;
  const gap = cursor.takeGap();
  if (gap) lost.push([gap.from, gap.to]);
  const from = cursor.position;
  const to = Math.min(cursor.ring.head, from + most);
  cursor.ring.copy(from, to).forEach((byte, index) => seen.set(from + index, byte));
  cursor.advance(to);
}
