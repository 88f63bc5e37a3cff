import { describe, expect, test } from "bun:test";
import { findShellSyntax } from "../../src/template/shell-syntax.ts";

const found = (line: string) => findShellSyntax(line, "cmd").join("\n");

describe("what only a shell would understand is found", () => {
  test.each([
    ["a | b", "`|`", "shell = true"],
    ["a|b", "`a|b`", "shell = true"],
    ["a |& b", "`|&`", "shell = true"],
    ["a && b", "`&&`", "shell = true"],
    ["a || b", "`||`", "shell = true"],
    ["a; b", "`a;`", "shell = true"],
    ["a ; comment", "`;`", "put a comment on a line of its own"],
    ["a # comment", "`#`", "put a comment on a line of its own"],
    ["a &", "`&`", "leave it out"],
    ["a&", "`a&`", "leave it out"],
    ["a > b", "`>`", "redirect_output"],
    ["a >b", "`>b`", "redirect_output"],
    ["a >> b", "`>>`", "redirect_output"],
    ["a 2>&1", "`2>&1`", "redirect_output"],
    ["a 2>/dev/null", "`2>/dev/null`", "redirect_output"],
    ["a &> b", "`&>`", "redirect_output"],
    ["a < b", "`<`", "redirect_input"],
    ["a <<E", "`<<E`", "redirect_input"],
    ["a $(b)", "`$(b)`", "shell = true"],
    ['a "$(b)"', "`$(b)`", "shell = true"],
    ["a `b`", "``b``", "shell = true"],
    ["ls *.log", "`*.log`", "shell = true"],
    ["ls /var/log/*", "`/var/log/*`", "shell = true"],
    ["A=1 prog", "`A=1`", "write `env:A = 1`"],
    ["A='x y' prog", "`A=x y`", "write `env:A = x y`"],
    ["cd /srv", "`cd`", "cwd ="],
    ["exec prog", "`exec`", "leave it out"],
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

test("each kind is told once", () => {
  expect(findShellSyntax("a | b | c | d", "cmd")).toHaveLength(1);
});
