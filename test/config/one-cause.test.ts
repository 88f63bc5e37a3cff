import { expect, test } from "bun:test";
import { createFolder } from "./folder.ts";

const { problemsOf } = createFolder();

test.each([
  ["a NUL byte in `cmd`", "[process:web]\ncmd = a\0b", ":2: this line contains a NUL byte"],
  ["a NUL byte in `cmd` of a shell", "[process:web]\nshell = yes\ncmd = \0", ":3: this line contains a NUL byte"],
  ["a NUL byte in another value", "[process:web]\ncmd = a\nenv:A = \0", ":3: this line contains a NUL byte"],
  ["a NUL byte in the name of a section", "[process:w\0b]\ncmd = a\nshell = yes", ":1: this line contains a NUL byte"],
  [
    "a NUL byte in `certfile`",
    "[endpoint:a]\nbind = 127.0.0.1:1\ncertfile = \0\nkeyfile = gaffer.ini",
    ":3: this line contains a NUL byte",
  ],
  ["a line without `=`", "[process:web]\ncmd a", ':2: expected `[section]` or `key = value`, not "cmd a"'],
  ["a line without a key", "[process:web]\n= a", ':2: expected `[section]` or `key = value`, not "= a"'],
  ["`cmd` misspelt", "[process:web]\ncmdd = a", ":2: [process:web] cmdd: unknown key"],
  ["`cmd` in capitals", "[process:web]\nCMD = a", ":2: [process:web] CMD: unknown key"],
  ["the name of `cmd` in another tool", "[process:web]\ncommand = a", ":2: [process:web] command: unknown key"],
  ["`cmd` with two errors", "[process:web]\ncomand = a", ":2: [process:web] comand: unknown key"],
  ["an empty `cmd`", "[process:web]\ncmd =", ":2: [process:web] cmd: must"],
  ["no `cmd`", "[process:web]\nshell = yes", ":1: [process:web] cmd: is required"],
  ["`process` misspelt", "[proces:web]\ncmd = a\n[env:web]\nA = 1", ":1: [proces:web] unknown section"],
  ["an invalid name", "[process:a b]\ncmd = a\n[env:a b]\nA = 1", ":1: [process:a b] name: must contain only"],
  [
    "`endpoint` misspelt",
    "[gaffer]\nhttp_endpoints = tls\n[endpont:tls]\nbind = 127.0.0.1:1",
    ":3: [endpont:tls] unknown section",
  ],
  ["an invalid address", "[gaffer]\nhttp_endpoints = tls\n[endpoint:tls]\nbind = x", ":4: [endpoint:tls] bind:"],
  ["`insecure` misspelt", "[endpoint:a]\nbind = :1\ninsecur = yes", ":3: [endpoint:a] insecur: unknown key"],
  ["an invalid `insecure`", "[endpoint:a]\nbind = :1\ninsecure = maybe", ":3: [endpoint:a] insecure: must be"],
  [
    "an invalid `kill_mode`",
    "[process:web]\ncmd = a\nstop_group = no\nkill_mode = x",
    ":4: [process:web] kill_mode: must be",
  ],
  ["an invalid number", "[process:web]\ncmd = a\nport = 5100\nnumprocesses = x", ":4: [process:web] numprocesses:"],
  ["a second section", "[process:web]\ncmd = a\n[process:web]\ncomand = b", ":3: [process:web] "],
])("one cause is one problem: %s", (_, text, expected) => {
  expect(problemsOf(text)).toEqual([expect.stringContaining(`gaffer.ini${expected}`)]);
});

test.each([
  ["two unknown keys", "[process:web]\nnumproceses = 2\nshel = yes", ["numproceses", "shel", "cmd: is required"]],
  ["two values", "[process:web]\ncmd =\nport = x", ["cmd: must", "port: must"]],
  [
    "an open address and another error",
    "[endpoint:a]\nbind = :1\nauth = maybe",
    ["bind: would let everyone", "auth: must be"],
  ],
])("two causes are two problems: %s", (_, text, expected) => {
  const problems = problemsOf(text);
  for (const each of expected) expect(problems).toContainEqual(expect.stringContaining(each));
  expect(problems).toHaveLength(expected.length);
});
