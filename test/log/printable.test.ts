import { describe, expect, test } from "bun:test";
import { printable, timestamp } from "../../src/log/printable.ts";

test("a terminal gets the time of its day", () => {
  const date = new Date(2026, 0, 31, 9, 5, 7, 42);
  expect(timestamp(date, { terminal: true })).toBe("09:05:07.042");
  expect(timestamp(date, { terminal: false })).toBe(date.toISOString());
});

describe("what is printed", () => {
  test.each([
    ["plain text, tabs and umlauts: ä 日本 😀\t.", "plain text, tabs and umlauts: ä 日本 😀\t."],
    ["\u001B]0;title\u0007", "\\x1b]0;title\\x07"],
    ["\u001B[2J\u001B[1;1H\u001Bc", "\\x1b[2J\\x1b[1;1H\\x1bc"],
    ["\u009B2J\u0085", "\\x9b2J\\x85"],
    ["a\rb\nc\u2028d", "a\\rb\\nc\\u2028d"],
    ["\u0000\u0008\u007F", "\\x00\\x08\\x7f"],
    ["\u202Eevil\u2066", "\\u202eevil\\u2066"],
    ["\u001B[>4;1m", "\\x1b[>4;1m"],
    ["\u001B[31", "\\x1b[31"],
  ])("%j is shown as %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printable(text, { colours: true })).toBe(shown);
  });

  test("keeps colours where they are allowed, and ends them", () => {
    expect(printable("\u001B[1;31mred\u001B[38:5:9mX", { colours: true })).toBe(
      "\u001B[1;31mred\u001B[38:5:9mX\u001B[0m",
    );
    expect(printable("\u001B[1;31mred\u001B[m")).toBe("red");
  });
});
