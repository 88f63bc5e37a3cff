import { describe, expect, test } from "bun:test";
import { findShellSyntax } from "../../src/template/shell-syntax.ts";

const found = (line: string) => findShellSyntax(line, "cmd").join("\n");

describe("shell syntax is found", () => {
  test.each([
    ["a | b", "`|`", "shell = true"],
    ["a|b", "`|`", "shell = true"],
    ["a |& b", "`|`", "shell = true"],
    ["a && b", "`&&`", "shell = true"],
    ["a || b", "`||`", "shell = true"],
    ["a; b", "`;`", "shell = true"],
    ["a ; comment", "`;`", "put a comment on its own line"],
    ["a # comment", "`#`", "put a comment on its own line"],
    ["a &", "`&`", "remove it"],
    ["a&", "`&`", "remove it"],
    ["a > b", "`>`", "redirect_output"],
    ["a >b", "`>`", "redirect_output"],
    ["a >> b", "`>>`", "redirect_output"],
    ["a 2>&1", "`2>&1`", "redirect_output"],
    ["a 2>/dev/null", "`2>`", "redirect_output"],
    ["a &> b", "`&>`", "redirect_output"],
    ["a < b", "`<`", "redirect_input"],
    ["a <<E", "`<<`", "redirect_input"],
    ["a $(b)", "`$(…)`", "shell = true"],
    ['a "$(b)"', "`$(…)`", "shell = true"],
    ["a `b`", "`` … ``", "shell = true"],
    ["ls *.log", "`*`", "shell = true"],
    ["ls /var/log/*", "`*`", "shell = true"],
    ["A=1 prog", "`A=`", "write `env:A = …`"],
    ["A='x y' prog", "`A=`", "write `env:A = …`"],
    ["cd /srv", "`cd`", "cwd ="],
    ["exec prog", "`exec`", "remove it"],
    ["export A=1", "`export`", "env:KEY"],
    [". ./env", "`.`", "env_file"],
    ["source env", "`source`", "env_file"],
    ["for a in b", "`for`", "shell = true"],
  ])("%s", (line, text, advice) => {
    expect(found(line)).toContain(text);
    expect(found(line)).toContain(advice);
  });
});

test.each([
  "sh -c 'a | b; c && d > x 2>&1 & $(e) `f` *.g # h'",
  "prog '|' \"&&\" \\; a\\&\\&b",
  "find . -exec rm {} \\;",
  "curl http://h/x?a=1&b=2 http://h/#top",
  "gunicorn --forwarded-allow-ips=* app:app",
  "celery -Q *",
  "prog --template=<name> a=b",
  "/usr/bin/env A=1 prog",
  "prog '$(x)' a#b",
])("nothing is found in %s", (line) => {
  expect(findShellSyntax(line, "cmd")).toEqual([]);
});

test("each kind is reported once", () => {
  expect(findShellSyntax("a | b | c | d", "cmd")).toHaveLength(1);
});

test("a warning does not show the whole word, which may be a secret", () => {
  const lines = [
    "x --password=hun;ter2",
    "TOKEN=hunter2 x",
    "x hunter2|y",
    "x /hunter2/*",
    '"x hunter2"',
    "x # hunter2",
  ];
  for (const line of lines) {
    expect(found(line)).not.toBe("");
    expect(found(line)).not.toContain("ter2");
  }
});
