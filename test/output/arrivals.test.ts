import { describe, expect, test } from "bun:test";
import { Arrivals } from "../../src/output/arrivals.ts";

const hourMs = 3_600_000;

/** The arrivals of single bytes with the given delays between them. Before some of them the clock is set by `setMs`. */
function arrive(steps: readonly { afterMs: number; setMs?: number }[]): Arrivals {
  const arrivals = new Arrivals();
  let steadyMs = 1000;
  let offsetMs = 10 * hourMs;
  for (const [position, { afterMs, setMs = 0 }] of steps.entries()) {
    steadyMs += afterMs;
    offsetMs += setMs;
    arrivals.add(position, { steadyMs, unixMs: steadyMs + offsetMs });
  }
  return arrivals;
}

describe("arrivals before and after the clock is set", () => {
  test.each([
    ["back", -hourMs],
    ["back by little", -5],
    ["forward", hourMs],
    ["forward by little", 15],
  ])("%s have each the time that the clock showed", (_, setMs) => {
    const arrivals = arrive([{ afterMs: 0 }, { afterMs: 3, setMs }, { afterMs: 1 }, { afterMs: 500 }]);
    const startMs = 1000 + 10 * hourMs;
    expect(arrivals.unixMsAt(0)).toBe(startMs);
    expect(arrivals.unixMsAt(1)).toBe(startMs + setMs + 3);
    // It arrived within 10 ms of the byte before.
    expect(arrivals.unixMsAt(2)).toBe(startMs + setMs + 3);
    expect(arrivals.unixMsAt(3)).toBe(startMs + setMs + 504);
  });

  test.each([-hourMs, hourMs])("are found by their age when the clock is set by %d ms", (setMs) => {
    const arrivals = arrive([{ afterMs: 0 }, { afterMs: 1000 }, { afterMs: 1000, setMs }, { afterMs: 1000 }]);
    expect([999, 1500, 2500, 3500, 4500].map((steadyMs) => arrivals.positionSince(steadyMs))).toEqual([
      0,
      1,
      2,
      3,
      undefined,
    ]);
  });

  test("are found after the index was thinned and its first entries were removed", () => {
    const steps = Array.from({ length: 5000 }, (_, index) => ({ afterMs: 20, setMs: index === 2500 ? -hourMs : 0 }));
    const arrivals = arrive(steps);
    arrivals.dropBefore(4000);
    // The byte at position n arrived at 1000 + 20 * (n + 1).
    const found = arrivals.positionSince(1000 + 20 * 4801) ?? 0;
    expect(found).toBeWithin(4700, 4801);
    expect(arrivals.unixMsAt(4999)).toBe(1000 + 20 * 5000 + 9 * hourMs);
  });
});
