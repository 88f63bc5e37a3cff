import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { toIni as toIniInSteps } from "../../src/export/to-ini.ts";
import { finishNow } from "../../src/slices.ts";
import { toDocument } from "../../src/template/document.ts";
import { buildEnvironment, commandOf } from "../../src/template/environment.ts";
import { parseTemplate } from "../../src/template/schema.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-export-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "gaffer.ini");

const toIni = (templates: readonly ProcessTemplate[]) => finishNow(toIniInSteps(templates));
const parse = (body: object) => parseTemplate(body, { defaultCwd: "/srv" });

/** Reads the file again, as gafferd would. */
function reread(text: string): ProcessTemplate[] {
  writeFileSync(file, text);
  return [...loadConfig(file, {}, {}).templates];
}

/** What is executed, where, and with which variables. */
function launched(template: ProcessTemplate) {
  const env = buildEnvironment({ ...template, envFiles: [] }, { base: { HOME: "/home/u", FOO: "a b" }, slot: 0 });
  return { ...commandOf(template, env), env: template.env };
}

/** Everything except what may be written in another way. */
function settingsOf(template: ProcessTemplate) {
  const { cmd: _, args: __, shell: ___, env, ...others } = toDocument(template);
  return { ...others, env: Object.entries(env).toSorted() };
}

test("writes only the keys that differ from their defaults", () => {
  const web = parse({ name: "web:api", cmd: "./serve --port 80", cwd: "/srv/web", numprocesses: 2, env: { A: "1" } });
  const job = parse({ name: "job", cmd: "true", shell: true, restart: "never", start: false, graceful_timeout: 0.5 });
  expect(toIni([web, job])).toBe(
    `[process:web:api]
cmd = /srv/web/./serve --port 80
cwd = /srv/web
numprocesses = 2
env:A = 1

[process:job]
cmd = true
cwd = /srv
shell = true
start = false
graceful_timeout = 500ms
restart = never
`,
  );
});

test("no template is an empty file", () => {
  expect(toIni([])).toBe("");
});

describe("is read as it was meant:", () => {
  test.each([
    [
      "every setting with a value of its own",
      {
        cmd: "prog",
        args: ["a b", "$FOO", "c$$", "", "-x=1"],
        env_file: ["/etc/a.env", "/etc/b c.env"],
        os_env: false,
        uid: 65534,
        gid: "nogroup",
        numprocesses: 0,
        port: 5100,
        start: false,
        priority: -3,
        flapping: { attempts: 3, window: 1.5, retry_in: 7, max_retry: -1 },
        backoff: { min: 0.2, max: 60, factor: 1.5, jitter: 0.0000001, reset_after: 20 },
        redirect_output: ["log", "log"],
        redirect_input: true,
        graceful_timeout: 0.25,
        stop_signal: "RTMIN+2",
        kill_mode: "group",
        restart: "on-failure",
        success_codes: [0, 75],
        on_give_up: "shutdown",
        output_buffer: 5000,
        output_keep: { size: "64m", age: 604_800 },
        output_file: "/var/log/%n 100%%.log",
        output_rotate: { size: "5m", keep: 3 },
        output_to: "stdout",
        owner: "agent-7",
        lease: 90,
        on_lease_end: "keep",
        stdin_timeout: 1,
        lossless_timeout: 2,
      },
    ],
    ["no output", { cmd: "prog", redirect_output: [] }],
    ["detached", { cmd: "prog", detach: true }],
    ["one that survives gafferd", { cmd: "prog", on_host_exit: "keep" }],
    ["one that survives gafferd, with an output", { cmd: "prog", on_host_exit: "keep", redirect_output: [] }],
    ["no backoff", { cmd: "prog", backoff: false }],
    ["flapping with the default backoff", { cmd: "prog", flapping: "2, 1., 7., 5", backoff: true }],
    ["variables in the directory", { cmd: "bin/run '$X'", cwd: "$HOME/app" }],
    [
      "a script of several lines with indentation, comments and an argument",
      {
        cmd: "if true; then\n    # why\n    echo $HOME 'a  b'\nfi\n",
        shell: true,
        args: ["it's", "$$5"],
      },
    ],
    ["a command of several lines", { cmd: "prog one \\\n  two '# three\n ; four '" }],
    ["a private key", { cmd: "prog", env: { KEY: "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n" } }],
    ["blanks, comments and empty lines in a variable", { cmd: "prog", env: { A: " ; x \n\n  # y\n\tz\n\n" } }],
    [
      "dollars, quotes and backslashes in a variable",
      {
        cmd: "prog",
        env: { A: "$HOME", B: "'$HOME'", C: "\\$x \\\\$y", D: "it's $5 and '$6'", E: "${A:-b}", F: "$$", G: "" },
      },
    ],
  ])("%s", (_, body) => {
    const template = parse({ name: "a", ...body });
    const [again, ...others] = reread(toIni([template]));
    expect(others).toEqual([]);
    if (again === undefined) throw new Error("no template");
    expect(settingsOf(again)).toEqual(settingsOf(template));
    expect(launched(again)).toEqual(launched(template));
  });
});

const piece = fc.oneof(
  {
    arbitrary: fc.constantFrom(..."$${}:-'\"\\ \t\n;#=~[]%,|&é\u00a0", "FOO", "HOME", ":-", "\n  ", "${FOO:-", "''"),
    weight: 3,
  },
  fc.string({ maxLength: 4, unit: "grapheme" }),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("").replaceAll(/[\0\r]/g, ""));

test("any template is written so that it starts the same, or is refused with the name of the key", () => {
  let written = 0;
  const runs = 1000;
  fc.assert(
    fc.property(
      text,
      fc.array(text, { maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[A-Za-z_][\w.]{0,5}$/), text, { maxKeys: 3 }),
      fc.boolean(),
      (cmd, args, env, shell) => {
        const body = { name: "a", cmd: `prog ${cmd}`, args, env, shell, cwd: "/w" };
        let template: ProcessTemplate;
        try {
          template = parse(body);
        } catch {
          return; // An unclosed quote.
        }
        let ini: string;
        try {
          ini = toIni([template]);
        } catch (error) {
          expect(String(error)).toMatch(/cannot write (?:a value|values) as INI: `[^`]+` of `a`/);
          return;
        }
        written += 1;
        const [again] = reread(ini);
        if (again === undefined) throw new Error(`no template in ${ini}`);
        expect(settingsOf(again)).toEqual(settingsOf(template));
        expect(launched(again)).toEqual(launched(template));
      },
    ),
    { numRuns: runs },
  );
  // Refusing is the exception.
  expect(written).toBeGreaterThan(runs / 3);
});

test("a value that no INI file can have is refused, with all others of its kind", () => {
  const a = parse({ name: "a", cmd: "prog", env: { A: "x\ry", "B:C": "1" } });
  const b = parse({ name: "b", cmd: "prog", args: ["x\ry"] });
  expect(() => toIni([a, b])).toThrow(
    "cannot write values as INI: `env:A` of `a`, `env:B:C` of `a`, `args` of `b`; GET /processes?detail=true has everything as JSON",
  );
});
