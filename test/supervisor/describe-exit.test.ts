import { expect, test } from "bun:test";
import { describeExit, describeStreak, formatSpan } from "../../src/supervisor/describe-exit.ts";

test.each([
  [0, "0 s"],
  [3.4, "0.003 s"],
  [12, "0.01 s"],
  [1234, "1.23 s"],
  [12_345, "12.3 s"],
  [119_999, "120 s"],
  [300_000, "5 min"],
  [3 * 3_600_000, "3 h"],
  [40 * 86_400_000, "40 days"],
])("%d ms is %s", (spanMs, text) => {
  expect(formatSpan(spanMs)).toBe(text);
});

test("an exit is described by its status or its signal, and by how often it happened in a row", () => {
  expect(describeExit({ exitCode: 1 }, 12) + describeStreak(14)).toBe(
    "exited with status 1 after 0.01 s, 14 times in a row",
  );
  expect(describeExit({ signal: "SIGSEGV" }, 2000) + describeStreak(1)).toBe("was killed by SIGSEGV after 2 s");
});
