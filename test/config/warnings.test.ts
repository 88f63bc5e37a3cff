import { describe, expect, test } from "bun:test";
import { createFolder } from "./folder.ts";

const { problemsOf, warningsOf } = createFolder();

const advice = "and the text after it are part of the value; put a comment on its own line";
const web = (lines: string) => warningsOf(`[process:web]\n${lines}`);

describe("a comment after a value causes a warning", () => {
  test.each([
    ["cmd = x\ncwd = /tmp ; the folder", `cwd: \`;\` ${advice}`],
    ["cmd = x\nenv:A = 1 # one", `env:A: \`#\` ${advice}`],
    ["cmd = x\nenv:A = 1\n  2 ; two\n  3", `env:A: \`;\` ${advice}`],
    ["cmd = x # the program", `cmd: \`#\` ${advice}`],
    ["cmd = x\nargs = -a # all", `args: \`#\` ${advice}`],
  ])("in %j", (lines, message) => {
    const line = lines.split("\n").findIndex((each) => each.startsWith(message.split(": ")[0] ?? "")) + 2;
    expect(web(lines)).toEqual([`gaffer.ini:${line}: [process:web] ${message}`]);
  });

  test("after a semicolon in a command, with other meanings", () => {
    expect(web("cmd = x ; the program")).toEqual([
      "gaffer.ini:2: [process:web] cmd: `;` is passed to the program, because no shell is used; put a comment on its own line, set `shell = true` for a second command, or put it in quotes if the program needs it",
    ]);
  });

  test("in the settings of plugins, endpoints and gafferd", () => {
    expect(warningsOf("[plugin:x]\na = 1 ; one\n[gaffer]\nplugins_dir = p ; mine")).toEqual([
      `gaffer.ini:2: [plugin:x] a: \`;\` ${advice}`,
      `gaffer.ini:4: [gaffer] plugins_dir: \`;\` ${advice}`,
    ]);
  });

  test("in the error, if it makes the value invalid", () => {
    expect(problemsOf("[process:web]\ncmd = x\nnumprocesses = 2 ; two")).toEqual([
      `gaffer.ini:3: [process:web] numprocesses: must be a whole number from 0 to 10000, not "2 ; two" (\`;\` ${advice})`,
    ]);
    expect(problemsOf("[endpoint:a]\nbind = 127.0.0.1:1 # here")[0]).toEndWith(`(\`#\` ${advice})`);
    expect(problemsOf("[webhooks]\nexit = http://h/ ; mine")[0]).toEndWith(`(\`;\` ${advice})`);
  });

  test.each(["env:A = a;b#c", "env:A = x 'a ; b'", 'env:A = x "a # b"', "env:A = #fff", "env:A = ;x"])(
    "but not in %j",
    (line) => {
      expect(web(`cmd = sh -c 'a ; b # c'\n${line}`)).toEqual([]);
    },
  );
});

test("shell syntax causes a warning with the line", () => {
  expect(web("args = > log\ncmd = A=1 prog | cat && ls")).toEqual([
    "gaffer.ini:2: [process:web] args: `>` is passed to the program, because no shell is used; see `redirect_output` and `redirect_input`, set `shell = true`, or put it in quotes if the program needs it",
    "gaffer.ini:3: [process:web] cmd: `|` is passed to the program, because no shell is used; set `shell = true`, or put it in quotes if the program needs it",
    "gaffer.ini:3: [process:web] cmd: begins with `A=`, which only a shell supports; write `env:A = …`",
  ]);
  expect(web("cmd = a | b\nshell = true")).toEqual([]);
});

test("quotes around a whole value cause a warning, because they are part of it", () => {
  const message = "the quotes are part of the value; remove them unless you need them";
  expect(warningsOf(`[process:web]\ncmd = x\nenv:A = "a b"\n[env:web]\nB = 'b'\nC = '$HOME'\nD = {"a": "b"}`)).toEqual([
    `gaffer.ini:3: [process:web] env:A: ${message}`,
    `gaffer.ini:5: [env:web] B: ${message}`,
  ]);
  expect(web('cmd = x\ncwd = "/srv/my app"\nargs = "a b"')).toEqual([`gaffer.ini:3: [process:web] cwd: ${message}`]);
  expect(warningsOf("[plugin:x]\na = 'b'\n[gaffer]\nplugins_dir = \"p\"")).toEqual([
    `gaffer.ini:4: [gaffer] plugins_dir: ${message}`,
  ]);
});

test("a command entirely in quotes causes a warning", () => {
  expect(web('cmd = "node server.js"')).toEqual([
    "gaffer.ini:2: [process:web] cmd: is a single word, because all of it is in quotes; remove the quotes",
  ]);
  expect(web("cmd = '/opt/my app/run'")).toEqual([]);
});

test("`on_give_up` without effect causes a warning", () => {
  const section = "[process:web]\ncmd = sleep 1\non_give_up = shutdown\n";
  expect(warningsOf(section)).toEqual([
    "gaffer.ini:3: [process:web] on_give_up: has no effect: with `backoff`, retries never end; set `flapping` or `backoff = off`",
  ]);
  expect(warningsOf(`${section}flapping = 2, 1, 7, -1\nbackoff = on`)).toHaveLength(1);
  for (const other of ["backoff = off", "flapping = 2, 1, 7, 5", "restart = never"]) {
    expect(warningsOf(`${section}${other}`)).toEqual([]);
  }
});

const serverOn = (name: string, port: number) => `[process:${name}]\ncmd = sleep 1\nnumprocesses = 3\nport = ${port}\n`;

test("overlapping ports of two templates cause a warning at both", () => {
  expect(warningsOf(serverOn("a", 5100) + serverOn("b", 5102) + serverOn("c", 5105))).toEqual([
    "gaffer.ini:4: [process:a] port: the ports overlap with those of [process:b]",
    "gaffer.ini:8: [process:b] port: the ports overlap with those of [process:a]",
  ]);
});
