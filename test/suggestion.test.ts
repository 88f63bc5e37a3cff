import { expect, test } from "bun:test";
import { nearest, suggestion } from "../src/suggestion.ts";

const keys = ["numprocesses", "cmd", "args", "uid", "gid", "start"];

test.each([
  ["numproceses", "numprocesses"],
  ["NUMPROCESSES", "numprocesses"],
  ["cdm", "cmd"],
  ["cmdd", "cmd"],
  ["strat", "start"],
  ["stat", "start"],
  ["tsart", "start"],
  ["colour", undefined],
  ["", undefined],
])("the nearest to %p is %p", (word, expected) => {
  expect(nearest(word, keys)).toBe(expected);
});

test("of two that are near the nearer wins", () => {
  expect(nearest("stdin_timeout", ["stdin_timeouts", "stdin_timeout_ms"])).toBe("stdin_timeouts");
});

test("a suggestion ends a message, or is nothing", () => {
  expect(suggestion("numproceses", keys)).toBe("; did you mean `numprocesses`?");
  expect(suggestion("colour", keys)).toBe("");
});
