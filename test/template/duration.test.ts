import { expect, test } from "bun:test";
import fc from "fast-check";
import { GafferdError } from "../../src/errors.ts";
import { parseDuration, toSeconds } from "../../src/template/duration.ts";

test.each([
  ["1.", 1000],
  ["7", 7000],
  [" 7 ", 7000],
  [".5", 500],
  ["0.25", 250],
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5 s", 1500],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["0", 0],
  [7, 7000],
  [0.0015, 2],
  [1.1, 1100],
])("the duration %p is %p ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  "",
  " ",
  "s",
  "5 minutes",
  "1d",
  "-1",
  "1e3",
  "1,5",
  "0x10",
  "٣",
  "9".repeat(400),
  -1,
  Number.NaN,
  Infinity,
])("%p is not a duration", (text) => {
  expect(() => parseDuration(text)).toThrow(GafferdError);
});

test("the error of an invalid duration shows the value and what to write", () => {
  expect(() => parseDuration("5 minutes")).toThrow(
    '"5 minutes" is not a duration: write seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)',
  );
});

test("whole milliseconds can be converted to seconds and back", () => {
  fc.assert(fc.property(fc.nat(2_073_600_000), (ms) => parseDuration(toSeconds(ms)) === ms));
});
