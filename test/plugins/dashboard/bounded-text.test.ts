import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BoundedText } from "../../../plugins/dashboard/src/output/bounded-text.ts";

const bound = (...pieces: string[]) => {
  const bounded = new BoundedText();
  return pieces.map((piece) => bounded.next(piece)).join("");
};

describe("output for the terminal", () => {
  test("is unchanged if it is ordinary", () => {
    const text =
      "plain é 漢字 🦉 e\u0301\r\n\x1b[1;38;2;255;128;0mcolour\x1b[0m\x1b[?1049h\x1b[?2026l\x1b[2J\x1b[24;80H\x1b[80X\x1b]0;title 12345678\x07\x1b(B\x1b7\x1b[4:3m";
    expect(bound(text)).toBe(text);
    expect(bound(...text)).toBe(text);
  });

  test("repeats, inserts, deletes and scrolls at most 300 times a sequence", () => {
    for (const final of "@ILMPSTXZ^b") {
      expect(bound(`a\x1b[2147483647${final}`)).toBe(`a\x1b[300${final}`);
      expect(bound(`a\x9B2147483647${final}`)).toBe(`a\x1b[300${final}`);
      expect(bound(`a\x1b[00002147483647;5${final}`)).toBe(`a\x1b[300;5${final}`);
    }
  });

  test("moves the cursor at most 9999 lines or columns", () => {
    for (const final of "ABCDEFGHadef") {
      expect(bound(`\x1b[2147483647;99999999${final}`)).toBe(`\x1b[9999;9999${final}`);
    }
  });

  test("repeats less if there are many sequences", () => {
    const counts = [...bound("a\x1b[300b".repeat(5000)).matchAll(/\[(\d+)b/g)].map(([, digits]) => Number(digits));
    expect(counts).toHaveLength(5000);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(20_000 + 4 * 5000 * 7);
  });

  test("has at most 8 combining characters in a row, whatever sequences stand between them", () => {
    expect(bound(`a${"\u0301".repeat(300_000)}b\u0301`)).toBe(`a${"\u0301".repeat(8)}b\u0301`);
    expect(bound("a", ..."\u0301".repeat(100))).toBe(`a${"\u0301".repeat(8)}`);
    const marks = bound(`a${"\u0301\x1b[m".repeat(1000)}`).match(/\u0301/g);
    expect(marks).toHaveLength(8);
  });

  test.each(["\t", "\r\n", "\0", "\x7F", "\x84", ""])(
    "counts combining characters on after %j, cut or not",
    (control) => {
      const pieces = ["a", "\u0301", control, "\u0301".repeat(8)];
      expect(bound(...pieces)).toBe(`a\u0301${control}${"\u0301".repeat(7)}`);
      expect(bound(pieces.join(""))).toBe(bound(...pieces));
    },
  );

  test("repeats as much if many sequences come at once as if they come one by one", () => {
    const sequences = Array.from({ length: 5000 }, () => "a\x1b[300b");
    expect(bound(sequences.join(""))).toBe(bound(...sequences));
  });

  test("keeps control characters within a sequence and forgets a sequence that another one or a cancel interrupts", () => {
    expect(bound("\x1b[99999\n99999b")).toBe("\n\x1b[300b");
    expect(bound("\x1b\n[99999b")).toBe("\n\x1b[300b");
    expect(bound("\x1b[99999\x1b[5b")).toBe("\x1b[5b");
    expect(bound("\x1b[99999\x18b")).toBe("\x18b");
    expect(bound("\x1b\x1b[99999b")).toBe("\x1b[300b");
  });

  test("has no sequence of more than 256 characters", () => {
    expect(bound(`a\x1b[${"9".repeat(1_000_000)}bc`)).toBe("ac");
    expect(bound(...`a\x1b[${";".repeat(1000)}bc`)).toBe("ac");
  });

  test("is the same wherever it is cut, and has no large count, for any text", () => {
    const piece = fc.constantFrom(
      "\x1b",
      "[",
      "\x9B",
      "9",
      "99999999",
      ";",
      "?",
      "b",
      "L",
      "S",
      "m",
      "H",
      "\n",
      "\x18",
      " ",
      "\x7F",
      "a",
      "\u0301",
      "é",
      "🦉",
      "\x1b]0;",
    );
    const texts = fc.array(piece, { maxLength: 60, size: "max" });
    fc.assert(
      fc.property(texts, (pieces) => {
        const whole = bound(pieces.join(""));
        expect(bound(...pieces)).toBe(whole);
        for (const [, digits] of whole.replaceAll("\x1b", "ESC").matchAll(/ESC\[(\d+)[^@-~]*[bLS]/g))
          expect(Number(digits)).toBeLessThanOrEqual(300);
        expect(whole).not.toMatch(/\u0301{9}/);
      }),
      { numRuns: Number(process.env["ROUNDS"] ?? 2000) },
    );
  });
});
