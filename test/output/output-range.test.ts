import { describe, expect, test } from "bun:test";
import { currentMoment } from "../../src/moment.ts";
import { characterEnd, endOfBytes, endOfLines } from "../../src/output/output-range.ts";
import { Ring } from "../../src/output/ring.ts";

function ringOf(...texts: string[]): Ring {
  const ring = new Ring(4096);
  let { steadyMs, unixMs } = currentMoment();
  for (const text of texts) ring.write(Buffer.from(text), { steadyMs: (steadyMs += 50), unixMs: (unixMs += 50) });
  return ring;
}

const options = { from: 0, maxBytes: 16, beforeRank: Infinity, byArrival: false };

describe("a range of lines", () => {
  test("ends at the last line end before the step", () => {
    expect(endOfLines(ringOf("one\ntwo\nthree\nfour\n"), { ...options, lineEnd: 4 })).toBe(14);
  });

  test("ends before bytes of another output", () => {
    expect(endOfLines(ringOf("one\ntwo\nthree\n"), { ...options, lineEnd: 4, beforeRank: 8 })).toBe(8);
  });

  test("with `byArrival` ends where bytes arrived later, except within a line", () => {
    const byArrival = true;
    expect(endOfLines(ringOf("one\n", "two\n"), { ...options, lineEnd: 4, byArrival })).toBe(4);
    expect(endOfLines(ringOf("on", "e\n"), { ...options, lineEnd: 4, byArrival })).toBe(4);
  });

  test("cuts a line that is too long between characters", () => {
    expect(endOfLines(ringOf(`${"x".repeat(15)}é\n`), { ...options, lineEnd: 18 })).toBe(15);
  });
});

test("a range of bytes has at least one byte and at most `maxBytes`", () => {
  const ring = ringOf("x".repeat(100));
  for (let from = 0; from < 99; from++) {
    const end = endOfBytes(ring, { ...options, from });
    expect(end).toBeGreaterThan(from);
    expect(end).toBeLessThanOrEqual(from + 16);
  }
});

test.each([
  ["aé", 3, 3],
  ["aé", 2, 1],
  ["a🦉", 4, 1],
  ["a🦉", 5, 5],
])("%j up to byte %i has no split character up to byte %i", (text, to, expected) => {
  expect(characterEnd(ringOf(text), 0, to)).toBe(expected);
});

test("bytes that are not UTF-8 may be split anywhere", () => {
  const ring = new Ring(64);
  ring.write(new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x80]), currentMoment());
  expect(characterEnd(ring, 0, 5)).toBe(5);
});
