import { expect, test } from "bun:test";
import fc from "fast-check";
import { toLines } from "../../src/cli/lines.ts";
import type { Gap } from "../../src/output/cursor.ts";

test.each<[string, (string | Gap)[], string[]]>([
  ["are joined across chunks", ["he", "llo\nwor", "ld\n"], ["hello", "world"]],
  ["may be empty", ["\n\na\n"], ["", "", "a"]],
  ["lose a carriage return before the newline, even in another chunk", ["a\r\nb\r", "\n"], ["a", "b"]],
  ["keep a carriage return elsewhere", ["a\rb\n"], ["a\rb"]],
  ["end with the output, even without a newline", ["a\nb"], ["a", "b"]],
  [
    "end at a gap, which gets its own line",
    ["a\nb", { from: 3, to: 8 }, "c\n"],
    ["a", "b", "(5 bytes were overwritten before they could be shown)", "c"],
  ],
])("lines %s", async (_, chunks, expected) => {
  expect(await linesOf(chunks)).toEqual(expected);
});

test("a line without an end is printed in pieces", async () => {
  const lines = await linesOf([..."abcdef"].map((letter) => letter.repeat(10_000)));
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join("")).toBe([..."abcdef"].map((letter) => letter.repeat(10_000)).join(""));
});

test("lines do not depend on how the bytes are split into chunks", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 }).map((part) => part.replaceAll("\r", ""));
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const expected = lines.flatMap((line) => line.split("\n"));
      expect(await linesOf(chunks)).toEqual(expected);
    }),
  );
});

async function linesOf(chunks: readonly (string | Uint8Array | Gap)[]): Promise<string[]> {
  async function* feed() {
    for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
  }
  return (await Array.fromAsync(toLines(feed()))).flat();
}
