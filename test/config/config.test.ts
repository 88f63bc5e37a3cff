import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { templateKeys } from "../../src/template/properties.ts";
import { createFolder } from "./folder.ts";

const { folder, write, load, problemsOf } = createFolder();

const defaults = {
  gaffer: {
    pluginsDir: join(homedir(), ".gafferd/plugins"),
    stateDir: join(homedir(), ".gafferd/state"),
    bundledPlugins: "all",
    corsOrigins: [],
    onCrash: "stop",
    onHang: "log",
    hangTimeoutMs: 30_000,
    insecureFiles: false,
  },
  endpoints: [
    {
      name: "default",
      binds: [{ kind: "tcp", host: "127.0.0.1", port: 5000 }],
      backlog: 128,
      mode: 0o600,
      auth: true,
      insecure: false,
      hosts: [],
    },
  ],
  templates: [],
  webhooks: { hooks: [], timeoutMs: 10_000, retries: 10 },
  plugins: new Map(),
};

test("without a file, all settings have their defaults", () => {
  expect(loadConfig(undefined)).toEqual({ ...defaults, files: [], sections: [], warnings: [] } as never);
});

test("an empty file and a file of comments give the defaults", () => {
  const nothing = { ...defaults, files: [join(folder, "gaffer.ini")], sections: [], warnings: [] };
  expect(load("")).toEqual(nothing as never);
  expect(load("; nothing\n\n# here")).toEqual(nothing as never);
});

test("every kind of section is read", () => {
  const config = load(`
[gaffer]
http_endpoints = public
plugins_dir = plugins

[endpoint:public]
bind = 127.0.0.1:0

[process:web:api]
cmd = ./api --port $PORT
numprocesses = 2
env:PORT = 8000

[webhooks]
. = http://127.0.0.1:9000/hook

[plugin:console]
Some.Key[] = "as it stands"
__proto__ = x
web:api = 200m
`);
  expect(config.gaffer.pluginsDir).toBe(join(folder, "plugins"));
  expect(config.endpoints.map(({ name }) => name)).toEqual(["public"]);
  expect(config.templates.map(({ name, cmd, numprocesses, env }) => [name, cmd, numprocesses, env])).toEqual([
    ["web:api", "./api --port $PORT", 2, { PORT: "8000" }],
  ]);
  expect(config.webhooks.hooks).toEqual([{ pattern: ".", urls: ["http://127.0.0.1:9000/hook"] }]);
  expect(
    [...config.plugins].map(([name, { values }]) => [name, ...values.map(({ key, text }) => [key, text])]),
  ).toEqual([["console", ["Some.Key[]", '"as it stands"'], ["__proto__", "x"], ["web:api", "200m"]]]);
});

test("all errors are reported together, with file, line, section and key, in the order of the lines", () => {
  expect(
    problemsOf(`[process:web]
cmd = ./web
numproceses = 2
start = maybe

[endpont:public]
bind = :5000

[process:db]
graceful_timeout = soon
uid = -1
uid = 3

[process:web]
[gaffer]
http_endpoints = public
`),
  ).toEqual([
    "gaffer.ini:3: [process:web] numproceses: unknown key; did you mean `numprocesses`?",
    'gaffer.ini:4: [process:web] start: must be true or false (yes or no, on or off, 1 or 0), not "maybe"',
    "gaffer.ini:6: [endpont:public] unknown section; did you mean `endpoint`?",
    "gaffer.ini:9: [process:db] cmd: is required",
    'gaffer.ini:10: [process:db] graceful_timeout: "soon" is not a duration: write seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)',
    'gaffer.ini:11: [process:db] uid: must be a number from 0 to 4294967294 or a name, not "-1"',
    "gaffer.ini:12: [process:db] uid: duplicate key; first defined at line 11",
    "gaffer.ini:14: [process:web] duplicate section; first defined at line 1",
  ]);
});

test.each([
  ["[gafer]", "gaffer.ini:1: [gafer] unknown section; did you mean `gaffer`?"],
  [
    "[ssl]",
    "gaffer.ini:1: [ssl] unknown section; write one of [gaffer], [endpoint:NAME], [process:NAME], [env:NAME], [webhooks], [plugin:NAME]",
  ],
  ["[process]", "gaffer.ini:1: [process] requires a name; write [process:NAME]"],
  ["[process: ]", "gaffer.ini:1: [process:] requires a name; write [process:NAME]"],
  ["[gaffer:x]", "gaffer.ini:1: [gaffer:x] cannot have a name; write [gaffer]"],
  ["[webhooks:x]", "gaffer.ini:1: [webhooks:x] cannot have a name; write [webhooks]"],
  ["[env:x]", "gaffer.ini:1: [env:x] has no effect: there is no section [process:x]"],
  [
    "[process:web]\ncmd = a\n[env:wb]",
    "gaffer.ini:3: [env:wb] has no effect: there is no section [process:wb]; did you mean `web`?",
  ],
  ["[plugin:x]\na = 1\na = 2", "gaffer.ini:3: [plugin:x] a: duplicate key; first defined at line 2"],
])("%j is refused", (text, problem) => {
  expect(problemsOf(text)).toEqual([problem]);
});

test("a file that cannot be read is an error with the reason", () => {
  const missing = join(folder, "missing.ini");
  expect(() => loadConfig(missing)).toThrow(`${missing}: cannot read the configuration: no such file or directory`);
  expect(() => loadConfig(folder)).toThrow(`${folder}: cannot read the configuration: it is a directory`);
  expect(() => loadConfig(missing)).toThrow(ConfigError);
});

test("a file that is not UTF-8 is an error with the line", () => {
  const file = write("latin1.ini", Buffer.from("[plugin:x]\na = 1\nb = caf\xe9\n", "latin1"));
  expect(() => loadConfig(file)).toThrow(`${file}:3: this line is not valid UTF-8; save the file as UTF-8`);
});

describe("any text in a file", () => {
  const keys = [
    ...templateKeys,
    "env:PATH",
    "bind",
    "certfile",
    "backlog",
    "mode",
    "hosts",
    "include",
    "include_dir",
    "http_endpoints",
    "cors_origins",
    "spawn",
    "proc.a.exit",
    "secret",
    "__proto__",
    "constructor",
    "a[]",
  ];
  const values = [
    "",
    "1",
    "-1",
    "true",
    "x",
    "'",
    '"a b"',
    "2 1 7 5",
    "127.0.0.1:0",
    ":80",
    "[::1]:1",
    "unix:x",
    "http://a/",
    "gaffer.ini",
    "./missing",
    "30s",
    "64k",
    "TERM",
    "~x",
    ";",
    "#",
    "\0",
    "\u2028",
    "__proto__",
  ];
  const kinds = ["gaffer", "endpoint", "process", "env", "webhooks", "plugin", "proces"];
  const labels = ["", ":", ":a", ":a.b", ":b c", ":7", ":__proto__", ":constructor"];
  const lines = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...kinds), fc.constantFrom(...labels))
        .map(([kind, label]) => `[${kind}${label}]`),
    },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...keys), fc.constantFrom("=", ":", " = ", " : ", " "), fc.constantFrom(...values))
        .map((parts) => parts.join("")),
    },
    { weight: 1, arbitrary: fc.constantFrom(...values).map((value) => `  ${value}`) },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }).filter((text) => !text.includes("/")) },
    { weight: 1, arbitrary: fc.constantFrom("", " ", ";", "#", "[", "]", "[]", "=", ":", "\uFEFF", "[__proto__]") },
  );
  const texts = fc
    .tuple(fc.array(lines, { maxLength: 30 }), fc.constantFrom("\n", "\r\n", "\r"))
    .map(([all, end]) => all.join(end));

  test("is read, or gives errors at existing lines, and never any other exception", () => {
    let read = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const file = write("fuzz.ini", text);
        const count = readFileSync(file, "utf8").split(/\r\n|\n|\r/).length;
        try {
          loadConfig(file);
          read += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          const { problems } = error as ConfigError;
          expect(problems.length).toBeGreaterThan(0);
          for (const problem of problems.filter((p) => p.file === file)) {
            expect(problem.line).toBeGreaterThanOrEqual(1);
            expect(problem.line).toBeLessThanOrEqual(count);
          }
          expect(problems.filter((p) => p.file !== file && p.line === undefined)).toEqual([]);
        }
        for (const prototype of [Object.prototype, Array.prototype, String.prototype])
          expect(Object.keys(prototype)).toEqual([]);
      }),
      { numRuns: 1500 },
    );
    expect(read).toBeGreaterThan(0);
  });
});
