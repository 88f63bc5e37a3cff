import { describe, expect, test } from "bun:test";
import { homedir } from "node:os";
import { join } from "node:path";
import { commandOf } from "../../src/template/environment.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { createFolder } from "./folder.ts";

const { folder, load, problemsOf } = createFolder();

/** The template of `[process:web]` with these lines. */
function web(lines: string, others = ""): ProcessTemplate {
  const [template] = load(`[process:web]\n${lines}\n${others}`).templates;
  if (!template) throw new Error("no template came");
  return template;
}

test("every setting is read from text", () => {
  expect(
    web(`
cmd = ./web --flag
args = -p '8 0'
cwd = ~/app
env:PORT = 80
env_file = a.env, /b.env
os_env = no
uid = www
gid = 33
shell = off
numprocesses = 0
start = 0
priority = -5
flapping = 2, 1., 7., 5
redirect_output = out, err
redirect_input = on
graceful_timeout = 500ms
stop_signal = INT
stop_group = false
on_host_exit = kill
restart = on-failure
success_codes = 0, 2
backoff = 100ms, 10
on_give_up = shutdown
output_buffer = 64k
owner = agent:7
lease = 1m
on_lease_end = keep
stdin_timeout = 5
lossless_timeout = 1m`),
  ).toEqual({
    name: "web",
    cmd: `${join(folder, "web")} --flag`,
    args: ["-p", "8 0"],
    cwd: join(homedir(), "app"),
    env: { PORT: "80" },
    envFiles: [join(folder, "a.env"), "/b.env"],
    osEnv: false,
    uid: "www",
    gid: 33,
    detach: false,
    shell: false,
    numprocesses: 0,
    start: false,
    persist: true,
    priority: -5,
    flapping: { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetries: 5 },
    redirectOutput: ["out", "err"],
    redirectInput: true,
    gracefulTimeoutMs: 500,
    stopSignal: "SIGINT",
    killMode: "process",
    onHostExit: "kill",
    restart: "on-failure",
    successCodes: [0, 2],
    backoff: { minMs: 100, maxMs: 10_000, factor: 2, jitter: 0.1, resetAfterMs: 10_000 },
    onGiveUp: "shutdown",
    outputBufferBytes: 65_536,
    owner: "agent:7",
    leaseMs: 60_000,
    onLeaseEnd: "keep",
    stdinTimeoutMs: 5000,
    losslessTimeoutMs: 60_000,
  });
});

test.each(["true", "yes", "on", "1", "True", "YES"])("%p is true", (word) => {
  expect(web(`cmd = x\ndetach = ${word}`).detach).toBe(true);
});

test("a name may contain dots and colons", () => {
  expect(load("[process:web:my.app]\ncmd = x").templates[0]?.name).toBe("web:my.app");
});

test("a semicolon in a command is kept", () => {
  expect(commandOf(web("cmd = sh -c 'echo a; echo b'"), {}).argv).toEqual(["sh", "-c", "echo a; echo b"]);
});

test("a command continues on indented lines", () => {
  expect(commandOf(web("cmd = ls\n  -l\n  # a comment\n  -a"), {}).argv).toEqual(["ls", "-l", "-a"]);
});

const programOf = (lines: string) => commandOf(web(lines), { HOME: "/home/me", BIN: "/opt/bin" }).argv;

describe("a program with a slash", () => {
  test("is relative to the file", () => {
    expect(programOf("cmd = ./run -x")).toEqual([join(folder, "run"), "-x"]);
  });

  test("is relative to the file even if cwd is another folder", () => {
    expect(programOf("cmd = ./run ./arg\ncwd = /tmp")).toEqual([join(folder, "run"), "./arg"]);
    expect(programOf("cmd = './my run' x\ncwd = /tmp")).toEqual([join(folder, "my run"), "x"]);
    expect(programOf("cmd = ../run\ncwd = sub")).toEqual([join(folder, "../run")]);
  });

  test("is not changed if it is absolute, in the home directory or begins with a variable", () => {
    expect(programOf("cmd = /bin/ls\ncwd = /tmp")).toEqual(["/bin/ls"]);
    expect(programOf("cmd = ~/run\ncwd = /tmp")).toEqual(["/home/me/run"]);
    expect(programOf("cmd = $BIN/run\ncwd = /tmp")).toEqual(["/opt/bin/run"]);
    expect(programOf("cmd = ls\ncwd = /tmp")).toEqual(["ls"]);
  });

  test("is left to the shell with shell", () => {
    expect(web("cmd = ./run | ./more\ncwd = /tmp\nshell = yes").cmd).toBe("./run | ./more");
  });
});

describe("variables", () => {
  test("come from the section and from [env:NAME]; the section wins", () => {
    expect(web("cmd = x\nenv:A = 1\nenv:b.c = x:y=z", "[env:web]\nA = 2\nB : 3\nEmpty =").env).toEqual({
      A: "1",
      "b.c": "x:y=z",
      B: "3",
      Empty: "",
    });
  });

  test("keep their case, and may have any name", () => {
    expect(Object.entries(web("cmd = x\nenv:__proto__ = 1\nenv:a[] = 2", "[env:web]\nconstructor = 3").env)).toEqual([
      ["constructor", "3"],
      ["__proto__", "1"],
      ["a[]", "2"],
    ]);
  });

  test("of a process are not mixed with those of another", () => {
    const { templates } = load("[process:a]\ncmd = x\n[process:b]\ncmd = x\n[env:b]\nB = 1\n[env:a]\nA = 1");
    expect(templates.map(({ env }) => env)).toEqual([{ A: "1" }, { B: "1" }]);
  });
});

test.each([
  ["", "gaffer.ini:1: [process:web] cmd: is required"],
  ["cmd =", 'gaffer.ini:2: [process:web] cmd: must be a non-empty string, not ""'],
  [
    "cmd = x\nname = y",
    "gaffer.ini:3: [process:web] name: unknown key; the section header sets the name: [process:NAME]",
  ],
  [
    "cmd = x\nenv = A=1",
    "gaffer.ini:3: [process:web] env: unknown key; write environment variables as `env:KEY = value`",
  ],
  [
    "cmd = x\nenv.A = 1",
    "gaffer.ini:3: [process:web] env.A: unknown key; write environment variables as `env:A = value`",
  ],
  ["cmd = x\nCmd = 1", "gaffer.ini:3: [process:web] Cmd: unknown key; did you mean `cmd`?"],
  ["cmd = x\n__proto__ = 1", "gaffer.ini:3: [process:web] __proto__: unknown key"],
  [
    "cmd = x\nnumprocesses = many",
    'gaffer.ini:3: [process:web] numprocesses: must be a whole number from 0 to 10000, not "many"',
  ],
  ["cmd = x\npriority =", 'gaffer.ini:3: [process:web] priority: must be a whole number, not ""'],
  [
    "cwd = /tmp\ncmd = ./a 'b",
    "gaffer.ini:3: [process:web] cmd: unclosed single quote at character 5; close it, or put a backslash before it",
  ],
  ["cmd = x\ncwd =", "gaffer.ini:3: [process:web] cwd: must be a path, but is empty"],
  [
    "cmd = x\nrestart = nver",
    'gaffer.ini:3: [process:web] restart: must be "always" or "on-failure" or "never", not "nver"; did you mean `never`?',
  ],
  [
    "cmd = x\nstop_signal = TREM",
    'gaffer.ini:3: [process:web] stop_signal: "TREM" is not a signal; did you mean SIGTERM?',
  ],
  [
    "cmd = x\nredirect_input = yes\ndetach = yes",
    "gaffer.ini:4: [process:web] detach: must be false with `redirect_input`, because the pipes of a detached process close when gafferd exits",
  ],
])("the lines %j are refused", (lines, problem) => {
  expect(problemsOf(`[process:web]\n${lines}`)).toEqual([problem]);
});

test("an invalid name is an error at its section", () => {
  expect(problemsOf("\n[process:my web]\ncmd = x\n[process:42]\ncmd = x")).toEqual([
    'gaffer.ini:2: [process:my web] name: must contain only letters, digits and `_ . : @ + -`, and begin with a letter or a digit, not "my web"',
    'gaffer.ini:4: [process:42] name: must not be a number, because that would be read as a pid: "42"',
  ]);
});
