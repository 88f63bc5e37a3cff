import { expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import { parseSize } from "../../src/template/size.ts";

test.each([
  [4096, 4096],
  ["4096", 4096],
  ["64k", 65_536],
  ["64K", 65_536],
  ["1m", 1_048_576],
  [" 2 g ", 2_147_483_648],
  ["0", 0],
])("the size %p is %p bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "k", "1.5m", "64kb", "64 KiB", "-1", "9".repeat(40), -1, 1.5, Number.NaN])(
  "%p is not a size",
  (text) => {
    expect(() => parseSize(text)).toThrow(GafferdError);
  },
);
