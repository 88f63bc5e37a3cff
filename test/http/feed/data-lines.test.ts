import { expect, test } from "bun:test";
import fc from "fast-check";
import { toDataLines } from "../../../src/http/feed/data-lines.ts";

/** What `toDataLines` does, line by line. */
function expected(text: Buffer, maxBytes: number): { text: string; taken: number } {
  let lines = "";
  let taken = 0;
  for (const [line] of text.toString("latin1").matchAll(/[^\n]*\n|[^\n]+$/g)) {
    const field = `data: ${line}${line.endsWith("\n") ? "" : "\n"}`;
    if (lines.length + field.length > maxBytes) break;
    lines += field;
    taken += line.length;
  }
  return { text: lines, taken };
}

function actual(text: Buffer, maxBytes: number): { text: string; taken: number } {
  const { bytes, taken } = toDataLines(text, maxBytes);
  return { text: bytes.toString("latin1"), taken };
}

test("every line gets its `data: `, and as many whole lines are written as fit", () => {
  const byte = fc.constantFrom(0x0a, 0x0d, 0x00, 0x8a, 0xff, 0x61);
  const line = fc.oneof(fc.array(byte, { maxLength: 10 }), fc.array(byte, { minLength: 60, maxLength: 200 }));
  const text = fc.array(line, { minLength: 1, maxLength: 20 }).map((lines) => Buffer.from(lines.flat()));
  const some = text.filter(({ length }) => length > 0);
  fc.assert(
    fc.property(some, fc.integer({ min: 16, max: 600 }), (bytes, maxBytes) => {
      expect(actual(bytes, maxBytes)).toEqual(expected(bytes, maxBytes));
    }),
    { numRuns: 2000 },
  );
});

test.each([1, 2, 5, 7, 8, 9, 15, 16, 17, 100, 4096, 61_000])("lines of %d bytes", (lineBytes) => {
  const text = Buffer.from(`${"x".repeat(lineBytes - 1)}\n`.repeat(Math.ceil(70_000 / lineBytes)));
  for (const maxBytes of [60 * 1024, 2 ** 20]) expect(actual(text, maxBytes)).toEqual(expected(text, maxBytes));
});

test("what was in the memory before is not written", () => {
  toDataLines(Buffer.from("\n".repeat(100)), 2 ** 20);
  expect(actual(Buffer.from("abc"), 1000)).toEqual({ text: "data: abc\n", taken: 3 });
});
