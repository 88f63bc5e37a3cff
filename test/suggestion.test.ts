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
])("the most similar to %p is %p", (word, expected) => {
  expect(nearest(word, keys)).toBe(expected);
});

test("the more similar of two candidates wins", () => {
  expect(nearest("stdin_timeout", ["stdin_timeouts", "stdin_timeout_ms"])).toBe("stdin_timeouts");
});

test("a suggestion is the end of a message, or empty", () => {
  expect(suggestion("numproceses", keys)).toBe("; did you mean `numprocesses`?");
  expect(suggestion("colour", keys)).toBe("");
});
