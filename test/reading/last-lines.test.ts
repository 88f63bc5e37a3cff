import { expect, test } from "bun:test";
import fc from "fast-check";
import { findTail, startingPoint } from "../../src/reading/output-start.ts";
import { LastLines } from "../../src/reading/last-lines.ts";
import { createFleet, type Fleet } from "./fleet.ts";

const pieces = ["a", "line\n", "two\nlines\n", "\n", "\n\n\n", "é", "no end", "x".repeat(40)];
const writes = fc.array(
  fc.record({
    at: fc.nat(5),
    label: fc.nat(1),
    text: fc.constantFrom(...pieces),
    exits: fc.integer({ max: 20, min: 0 }),
  }),
  { maxLength: 150, size: "max" },
);

/** Finds the ranks in a list of all lines. */
function ranksInList(fleet: Fleet, count: number): { order: number; floor: number } {
  const lines: { begin: number; end: number }[] = [];
  for (const process of fleet.source.processes()) {
    for (const ring of process.rings.values()) {
      let start = ring.oldest;
      for (let at = ring.oldest; at < ring.head; at++) {
        const isNewline = ring.byteAt(at) === 10;
        if (!isNewline && at < ring.head - 1) continue;
        const end = isNewline || !ring.ended ? ring.order.rankAt(at) : ring.endRank;
        lines.push({ begin: ring.order.rankAt(start), end });
        start = at + 1;
      }
    }
  }
  if (lines.length <= count) return { order: 0, floor: 0 };
  const wanted = lines.toSorted((a, b) => b.end - a.end).slice(0, count);
  return { order: Math.min(...wanted.map(({ end }) => end)), floor: Math.min(...wanted.map(({ begin }) => begin)) };
}

function fill(fleet: Fleet, steps: readonly { at: number; label: number; text: string; exits: number }[]): void {
  for (let id = 0; id < 6; id++) fleet.spawn();
  for (const { at, label, text, exits } of steps) {
    const running = fleet.processes.filter(({ exitRank }) => exitRank === undefined);
    const process = running[at % running.length] ?? fleet.processes[fleet.spawn() - 1]!;
    if (exits === 20) fleet.exit(process.id, 1);
    else fleet.write(process.id, label === 0 ? "out" : "err", Buffer.from(text), 1);
  }
}

test("the last lines of all outputs are those of a list of all lines, for any outputs", () => {
  const scene = fc.record({
    capacity: fc.constantFrom(64, 4096),
    keptExits: fc.nat(3),
    steps: writes,
    count: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(scene, ({ capacity, keptExits, steps, count }) => {
      const fleet = createFleet({ labels: ["out", "err"], capacity, keptExits });
      fill(fleet, steps);
      const rings = fleet.source.processes().flatMap((process) => [...process.rings.values()]);
      const search = new LastLines(rings, count, fleet.ranks.next);
      while (search.step());
      expect(search.ranks).toEqual(ranksInList(fleet, count));
    }),
    { numRuns: Number(process.env["ROUNDS"] ?? 1000) },
  );
});

test("lines that are longer than a step are found", () => {
  const fleet = createFleet({ labels: ["out", "err"], capacity: 256 * 1024, keptExits: 1 });
  const [first, second] = [fleet.spawn(), fleet.spawn()];
  for (const [id, length] of [
    [first, 70_000],
    [second, 90_000],
    [first, 50_000],
    [second, 20_000],
  ] as const) {
    fleet.write(id, "out", Buffer.from(`${"x".repeat(length)}\n`), 1);
  }
  for (const count of [1, 2, 3, 4, 5]) {
    const rings = fleet.source.processes().flatMap((process) => [...process.rings.values()]);
    const search = new LastLines(rings, count, fleet.ranks.next);
    while (search.step());
    expect(search.ranks).toEqual(ranksInList(fleet, count));
  }
});

test("a search over a long gap of ranks that nothing holds is short", () => {
  const fleet = createFleet({ labels: ["out", "err"], capacity: 4096, keptExits: 1 });
  const id = fleet.spawn();
  fleet.write(id, "out", Buffer.from("early\n"), 1);
  fleet.ranks.next += 1e12;
  fleet.write(id, "err", Buffer.from("late\n"), 1);
  const rings = fleet.source.processes().flatMap((process) => [...process.rings.values()]);
  const search = new LastLines(rings, 10, fleet.ranks.next);
  let steps = 1;
  while (search.step()) steps += 1;
  expect(steps).toBeLessThan(10);
  expect(search.ranks).toEqual({ order: 0, floor: 0 });
});

test("a million empty lines of 20 outputs are found over many turns of the event loop, and what arrives meanwhile is read too", async () => {
  const fleet = createFleet({ labels: ["out"], capacity: 1024 * 1024, keptExits: 1 });
  for (let count = 0; count < 20; count++) fleet.spawn();
  const lines = Buffer.alloc(64 * 1024, "\n");
  for (let round = 0; round < 16; round++) for (const { id } of fleet.processes) fleet.write(id, "out", lines, 1);
  const found = findTail(fleet.source, { kind: "tail", lines: 10_000_000 }, undefined);
  expect(found).toBeInstanceOf(Promise);
  let turns = 0;
  let isSearching = true;
  const count = (): void => {
    turns += 1;
    if (isSearching) setImmediate(count);
  };
  setImmediate(count);
  fleet.write(1, "out", Buffer.from("meanwhile\n"), 2);
  const start = await found;
  isSearching = false;
  expect(turns).toBeGreaterThan(1);
  const { places } = startingPoint(fleet.source, start, undefined);
  let given = 0;
  for (const [ring, position] of places) given += ring.head - position;
  expect(given).toBe(10_000_000 + "meanwhile\n".length);
});
