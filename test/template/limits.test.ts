import { expect, test } from "bun:test";
import { commandOf } from "../../src/template/environment.ts";
import { parseTemplate, readTemplate } from "../../src/template/schema.ts";

const context = { defaultCwd: "/srv" };
const parse = (settings: object) => parseTemplate({ name: "web", cmd: "./run", ...settings }, context);

test("a word that the variables make longer than 128 KiB is refused, without building it", () => {
  const template = parse({ args: ["$A".repeat(20_000)] });
  expect(() => commandOf(template, { A: "x".repeat(100_000) })).toThrow(
    "cannot start `web`: `args` is too long: with its variables replaced, a word is longer than 128 KiB, which the system does not allow; pass long values in a file or in stdin",
  );
  const nested = parse({ args: [`\${U:-${"$A".repeat(20_000)}}`] });
  expect(() => commandOf(nested, { A: "x".repeat(100_000) })).toThrow("a word is longer than 128 KiB");
});

test("words that together are longer than any kernel takes are refused", () => {
  const template = parse({ args: Array.from({ length: 1000 }, () => "$A") });
  expect(() => commandOf(template, { A: "x".repeat(100_000) })).toThrow("all words together are longer than 6144 KiB");
});

test("a word of the greatest length that the kernel takes is expanded", () => {
  const longest = "x".repeat(128 * 1024 - 1);
  expect(commandOf(parse({ args: ["$A"] }), { A: longest }).argv[1]).toBe(longest);
});

test("args are at most 1,024 words", () => {
  expect(parse({ args: Array.from({ length: 1024 }, () => "a") }).args).toHaveLength(1024);
  const refused = "cannot accept the process template: `args` must be at most 1024 words, not 1025";
  expect(() => parse({ args: Array.from({ length: 1025 }, () => "a") })).toThrow(refused);
  expect(() => parse({ args: "a ".repeat(1025) })).toThrow(refused);
});

test("at most 100 problems are listed, and that there are more is said", () => {
  const unknown = Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`k${index}`, 1]));
  const env = Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`K${index}`, 1]));
  for (const settings of [unknown, { env }, { args: Array.from({ length: 400_000 }, () => 1) }]) {
    const { problems = [] } = readTemplate({ name: "web", cmd: "./run", ...settings }, context);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toEqual({ field: "", message: "has more problems, which are not listed" });
  }
  const { problems = [] } = readTemplate({ name: "web", cmd: "./run", a1: 1, a2: 1 }, context);
  expect(problems).toHaveLength(2);
});

test("a long key is shortened in the message and in the field", () => {
  const { problems = [] } = readTemplate({ name: "web", cmd: "./run", ["k".repeat(1_000_000)]: 1 }, context);
  expect(problems).toEqual([{ field: `${"k".repeat(79)}…`, message: "unknown key" }]);
});
