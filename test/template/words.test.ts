import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GafferdError } from "../../src/errors.ts";
import { quoteWord, scanWords, splitWords } from "../../src/template/words.ts";

/** The words into which a real shell splits several command lines, in one run. */
function shellWords(lines: readonly string[]): string[][] {
  const script = lines.map((line) => `set -- ${line}\nprintf '%s\\0' "$#" "$@"`).join("\n");
  const shell = Bun.spawnSync({ cmd: ["sh", "-c", script], env: {} });
  expect(shell.stderr.toString()).toBe("");
  const fields = shell.stdout.toString().split("\0");
  return lines.map(() => fields.splice(0, Number(fields.shift())));
}

const plain = fc.stringMatching(/^[\w@%+=:,./-]{1,6}$/);
const pieces = fc.oneof(
  plain,
  fc.constantFrom(" ", "  ", "\t", "\\\n", '\\"', "\\'", "\\\\", "\\ ", "\\a", "\\$", "\\#", "''", '""'),
  fc.stringMatching(/^'[\w "\\$`#;|&<>()*?~!\n\t-]{0,8}'$/),
  fc
    .array(
      fc.oneof(plain, fc.constantFrom("\\\\", '\\"', "\\$", "\\`", "\\a", "\\n", "\\\n", "'", " ", "#", "|", "\n")),
    )
    .map((parts) => `"${parts.join("")}"`),
);
const commandLines = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));

test("words are split as sh splits them", () => {
  fc.assert(
    fc.property(fc.array(commandLines, { minLength: 100, maxLength: 100 }), (lines) => {
      expect(lines.map((line) => splitWords(line))).toEqual(shellWords(lines));
    }),
    { numRuns: 10 },
  );
});

test("any quoted word is one word for sh and for splitWords", () => {
  const words = fc.array(
    fc.string({ unit: "binary" }).map((word) => word.replaceAll("\0", "").toWellFormed()),
    {
      minLength: 50,
      maxLength: 50,
    },
  );
  fc.assert(
    fc.property(words, (list) => {
      const line = list.map(quoteWord).join(" ");
      expect(splitWords(line)).toEqual(list);
      expect(shellWords([line])).toEqual([list]);
    }),
    { numRuns: 10 },
  );
});

describe("other shell syntax is literal", () => {
  test.each([
    ["echo a; echo b", ["echo", "a;", "echo", "b"]],
    ["a #b", ["a", "#b"]],
    ["a | b > c", ["a", "|", "b", ">", "c"]],
    ["$HOME *.c $'x'", ["$HOME", "*.c", "$x"]],
    ["a\r b", ["a\r", "b"]],
    ["a\\", ["a\\"]],
    ["", []],
    [" \n\t", []],
  ])("in %p", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });
});

test.each([
  ["sh -c 'echo", "unclosed single quote at character 7; close it, or put a backslash before it"],
  ['echo "a\\"', "unclosed double quote at character 6; close it, or put a backslash before it"],
  ['"a\\', "unclosed double quote at character 1; close it, or put a backslash before it"],
])("%p is an error with the position", (line, message) => {
  expect(() => splitWords(line)).toThrow(message);
});

test("words have their positions", () => {
  const line = `  "./a b" 'c'd e\\`;
  expect(scanWords(line).map(({ start, end }) => line.slice(start, end))).toEqual([`"./a b"`, `'c'd`, "e\\"]);
});

test("an unquoted tilde at the start of a word is the home directory", () => {
  expect(splitWords(`~/bin/x ~ a~ ~b '~' \\~ "~/c" ~`, "/home/me")).toEqual([
    "/home/me/bin/x",
    "/home/me",
    "a~",
    "~b",
    "~",
    "~",
    "~/c",
    "/home/me",
  ]);
});

test("any text is split or throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..." \t\n\\'\"~a$") }), (line) => {
      try {
        splitWords(line, "/home/me");
      } catch (error) {
        expect(error).toBeInstanceOf(GafferdError);
      }
    }),
  );
});
