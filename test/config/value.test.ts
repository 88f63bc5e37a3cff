import { expect, test } from "bun:test";
import { parseBoolean, parseInteger, parseList, parseQuotedList, resolvePath } from "../../src/config/value.ts";

test("booleans have eight spellings, in any case", () => {
  for (const word of ["true", "YES", "on", "1"]) expect(parseBoolean(word)).toBe(true);
  for (const word of ["false", "No", "off", "0"]) expect(parseBoolean(word)).toBe(false);
  expect(() => parseBoolean("maybe")).toThrow('must be true or false (yes or no, on or off, 1 or 0), not "maybe"');
});

test.each(["", "-1", "1.5", "1e3", "11", "x"])("%j is not a whole number from 0 to 10", (text) => {
  expect(() => parseInteger(text, 0, 10)).toThrow(`must be a whole number from 0 to 10, not ${JSON.stringify(text)}`);
});

test("a list is separated by commas and whitespace", () => {
  expect(parseList(" a, b\n c,,d ")).toEqual(["a", "b", "c", "d"]);
});

test.each([
  [`"my files/a.ini", b.ini`, ["my files/a.ini", "b.ini"]],
  ["{a,b}.ini c.ini", ["{a,b}.ini", "c.ini"]],
  ["it's.ini x", ["it's.ini", "x"]],
])("the quoted list %j is %j", (text, words) => {
  expect(parseQuotedList(text)).toEqual(words);
});

test("a relative path is relative to the folder of its file", () => {
  expect(resolvePath("../x", "/srv/app/gaffer.ini")).toBe("/srv/x");
  expect(() => resolvePath("", "/srv/gaffer.ini")).toThrow("must be a path, but is empty");
});
