import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readIni } from "../../src/config/ini.ts";

/** Sections as `[name, line, [key, text, line]…]`, and problems as `line: message`. */
function read(text: string) {
  const { sections, problems } = readIni(text, "x.ini");
  return {
    sections: sections.map(({ name, line, values }) => [name, line, ...values.map((v) => [v.key, v.text, v.line])]),
    problems: problems.map(({ line, message }) => `${line}: ${message}`),
  };
}

/** The only value of `[s]` with this line. */
function valueOf(line: string): unknown {
  const { sections, problems } = readIni(`[s]\n${line}`, "x.ini");
  expect(problems).toEqual([]);
  const values = sections[0]?.values ?? [];
  expect(values.length).toBe(1);
  return [values[0]?.key, values[0]?.text];
}

describe("what `ini` alone gets wrong", () => {
  test("a value is not cut at a semicolon or a number sign", () => {
    expect(valueOf("cmd = sh -c 'echo a; echo b' # c")).toEqual(["cmd", "sh -c 'echo a; echo b' # c"]);
  });

  test("a section with dots in its name is not nested", () => {
    expect(read("[process:my.app]\ncmd = x\n[process:my]\ncmd = y").sections).toEqual([
      ["process:my.app", 1, ["cmd", "x", 2]],
      ["process:my", 3, ["cmd", "y", 4]],
    ]);
  });

  test("a repeated key does not overwrite the first", () => {
    expect(read("[s]\na = 1\na = 2\n[s]\na = 3").sections).toEqual([
      ["s", 1, ["a", "1", 2], ["a", "2", 3]],
      ["s", 4, ["a", "3", 5]],
    ]);
  });
});

test.each([
  ["a=b", ["a", "b"]],
  ["a : b", ["a", "b"]],
  ["a:b=c", ["a", "b=c"]],
  ["a = b:c", ["a", "b:c"]],
  ["a =", ["a", ""]],
  ["a = ", ["a", ""]],
  ["a b = c", ["a b", "c"]],
  ["env:PATH = /bin:/usr/bin", ["env:PATH", "/bin:/usr/bin"]],
  ["env:PATH=/bin", ["env:PATH", "/bin"]],
  ["env:PATH: a=b", ["env:PATH", "a=b"]],
  ["env: PATH = a", ["env", "PATH = a"]],
  ["proc.web:api.exit = http://h/x", ["proc.web:api.exit", "http://h/x"]],
  ["proc.web:api.exit: http://h/?a=b", ["proc.web:api.exit", "http://h/?a=b"]],
  ["a[] = b", ["a[]", "b"]],
  ["__proto__ = b", ["__proto__", "b"]],
  ["constructor = b", ["constructor", "b"]],
  ["a = true", ["a", "true"]],
  ["a = null", ["a", "null"]],
  ["a = 007", ["a", "007"]],
  ['a = "quoted"', ["a", '"quoted"']],
  ["a = 'it''s'", ["a", "'it''s'"]],
  ["a = \\; \\# \\n", ["a", "\\; \\# \\n"]],
  ["a = b\u2028c = d", ["a", "b\u2028c = d"]],
  ["a = b\n  c\n\t d ", ["a", "b\nc\nd"]],
  ["a =\n  b", ["a", "b"]],
  ["a = b\n ; no\n  # no\n\n  c\n\n", ["a", "b\n\nc"]],
  ["a = b\n  [c]", ["a", "b\n[c]"]],
  ["  a = b", ["a", "b"]],
])("%j is the key and the value %j", (line, expected) => {
  expect(valueOf(line)).toEqual(expected);
});

test("a line with the indentation of the key above is a key", () => {
  expect(read("[s]\n  a = 1\n  b = 2\n   c = 3").sections).toEqual([["s", 1, ["a", "1", 2], ["b", "2\nc = 3", 3]]]);
});

test("names and values do not contain CRLF, CR or a byte order mark", () => {
  expect(read("\uFEFF[s]\r\na = 1\r\n  2\r\n\rb = 3").sections).toEqual([["s", 1, ["a", "1\n2", 2], ["b", "3", 5]]]);
});

test("comments begin at the start of a line, indented or not", () => {
  expect(read("; c\n[s] \n  # d\na = 1").sections).toEqual([["s", 2, ["a", "1", 4]]]);
});

test.each([
  ["a = 1", ["1: `a` is outside of a section; write a line such as [gaffer] or [process:NAME] before it"]],
  ["[s]\nword", ['2: expected `[section]` or `key = value`, not "word"']],
  ["[s]\n= x", ['2: expected `[section]` or `key = value`, not "= x"']],
  ["[s] # c", ['1: "[s] # c" is not a section header; write [NAME] on a line of its own']],
  ["[s", ['1: "[s" is not a section header; write [NAME] on a line of its own']],
  ["[ ]\na = 1", ['1: "[ ]" is not a section header; write [NAME] on a line of its own']],
  [
    "[s]\na = \0\nb",
    ["2: this line contains a NUL byte; remove it", '3: expected `[section]` or `key = value`, not "b"'],
  ],
])("%j is an error with its line", (text, problems) => {
  expect(read(text).problems).toEqual(problems);
});

describe("for any names and values", () => {
  const visible = fc.string({ unit: "binary" }).filter((text) => text === text.trim() && !/[\r\n\0\uFEFF]/.test(text));
  const names = visible.filter((text) => text !== "" && !text.includes("]"));
  const keys = visible.filter((text) => /^[^=:;#[]+$/.test(text) && !text.startsWith("proc."));
  const values = fc.oneof(
    visible,
    fc.constantFrom("true", "false", "null", '"', "\\", ";", "[]", '"a"b"', "__proto__"),
  );

  test("each section, key and value is read unchanged, with its line", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.array(fc.tuple(keys, values)))), (sections) => {
        const lines: string[] = [];
        const expected = sections.map(([name, entries]) => {
          const line = lines.push(`[${name}]`);
          return [name, line, ...entries.map(([key, value]) => [key, value, lines.push(`${key} = ${value}`)])];
        });
        expect(read(lines.join("\n"))).toEqual({ sections: expected, problems: [] });
      }),
      { numRuns: 300 },
    );
  });
});
