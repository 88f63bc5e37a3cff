import { expect, test } from "bun:test";
import { isShownOutput } from "./mask.ts";

const is = (actual: string, shown: string, whole = true): boolean => isShownOutput(actual, shown, { whole });

test("takes the same text, and no other", () => {
  expect(is("a\nb\n", "a\nb\n")).toBe(true);
  expect(is("a\nb\n", "a\n")).toBe(false);
  expect(is("a\n", "a\nb\n")).toBe(false);
  expect(is("axb\n", "a.b\n")).toBe(false);
});

test("… is any text within a line, a line of it any lines", () => {
  expect(is('{"a":1,"b":2}\n', '{"a":1,…}\n')).toBe(true);
  expect(is("a\nb\nc\nd\n", "a\n…\nd\n")).toBe(true);
  expect(is("a\nd\n", "a\n…\nd\n")).toBe(true);
  expect(is("a\nb\nc\n", "a…c\n")).toBe(false);
});

test("a command that is interrupted may print more", () => {
  expect(is("a\nb\n", "a\n", false)).toBe(true);
  expect(is("b\na\n", "a\n", false)).toBe(false);
});

test("times, the kernel's numbers, ids and versions are masked", () => {
  expect(is('{"os_pid":12}\nid: r1-1\n', '{"os_pid":345}\nid: r2-9\n')).toBe(true);
  expect(is("2026-01-31T12:00:00.000Z web\n", "2031-05-06T01:02:03Z web\n")).toBe(true);
  expect(is("gafferd 0.1.0 listens\n", "gafferd 9.2.31 listens\n")).toBe(true);
});
