import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseByteRange } from "../../../src/http/plugins/byte-range.ts";

test.each([
  ["bytes=2-4", 10, { first: 2, last: 4 }],
  ["bytes=0-0", 10, { first: 0, last: 0 }],
  ["bytes=7-", 10, { first: 7, last: 9 }],
  ["bytes=7-99", 10, { first: 7, last: 9 }],
  ["bytes=-2", 10, { first: 8, last: 9 }],
  ["bytes=-99", 10, { first: 0, last: 9 }],
  ["Bytes= 2 - 4 ", 10, { first: 2, last: 4 }],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=10-12", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-5", 0, undefined],
  ["bytes=4-2", 10, undefined],
  ["bytes=2-4,6-7", 10, undefined],
  ["bytes=-", 10, undefined],
  ["bytes=a-b", 10, undefined],
  ["bytes=0x1-2", 10, undefined],
  ["bytes=99999999999999999999-", 10, undefined],
  ["lines=2-4", 10, undefined],
  [null, 10, undefined],
] as const)("the range %j of %d bytes is %j", (header, size, range) => {
  expect<unknown>(parseByteRange(header, size)).toEqual(range);
});

test("a range is never empty, and never outside the file", () => {
  const bound = fc.option(fc.nat({ max: 30 }), { nil: "" });
  fc.assert(
    fc.property(bound, bound, fc.nat({ max: 20 }), (from, to, size) => {
      const range = parseByteRange(`bytes=${from}-${to}`, size);
      if (typeof range !== "object") return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.last).toBeGreaterThanOrEqual(range.first);
      expect(range.last).toBeLessThan(size);
    }),
  );
});
