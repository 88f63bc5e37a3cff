import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { homedir } from "node:os";
import { GafferdError } from "../../src/errors.ts";
import { templateKeys, templateSchema } from "../../src/template/properties.ts";
import { parseTemplate, readTemplate } from "../../src/template/schema.ts";

const defaultBackoff = { minMs: 100, maxMs: 30_000, factor: 2, jitter: 0.1, resetAfterMs: 10_000 };
const context = { defaultCwd: "/srv" };
const parse = (settings: object) => parseTemplate({ name: "web", cmd: "./run", ...settings }, context);

/** `[code, field, message]` of the error of a template that is valid except for `settings`. */
function refusal(settings: object): (string | undefined)[] {
  try {
    parse(settings);
  } catch (error) {
    if (error instanceof GafferdError) return [error.code, error.field, error.message];
    throw error;
  }
  throw new Error(`was accepted: ${JSON.stringify(settings)}`);
}

/** The text after `cannot accept the process template: ` in the error `invalid_process_info` of one setting. */
function reason(settings: object): string | undefined {
  const [code, field, message] = refusal(settings);
  expect(code).toBe("invalid_process_info");
  expect(field?.split(".")[0]).toBe(Object.keys(settings)[0]);
  return message?.replace("cannot accept the process template: ", "");
}

describe("a template", () => {
  test("has a default for every setting", () => {
    expect(parse({})).toEqual({
      name: "web",
      cmd: "./run",
      args: [],
      cwd: "/srv",
      env: {},
      envFiles: [],
      osEnv: true,
      detach: false,
      shell: false,
      numprocesses: 1,
      start: true,
      persist: true,
      redirectOutput: ["stdout", "stderr"],
      redirectInput: false,
      gracefulTimeoutMs: 10_000,
      stopSignal: "SIGTERM",
      killMode: "mixed",
      onHostExit: "kill",
      restart: "always",
      successCodes: [0],
      backoff: defaultBackoff,
      onGiveUp: "ignore",
      outputBufferBytes: 1_048_576,
      onLeaseEnd: "stop",
      stdinTimeoutMs: 30_000,
      losslessTimeoutMs: 30_000,
    });
  });

  test("accepts null for settings that are not set, as Python clients send them", () => {
    const optional = templateKeys.filter((key) => key !== "name" && key !== "cmd");
    expect(parse(Object.fromEntries(optional.map((key) => [key, null])))).toEqual(parse({}));
    expect(parse({ group: null, custom_streams: [], custom_channels: [] })).toEqual(parse({}));
  });

  test("accepts every setting", () => {
    expect(
      parse({
        args: "-p '8 0'",
        cwd: "~/app",
        env: { MODE: "x" },
        env_file: "/a.env, ~/b.env",
        os_env: false,
        uid: "www",
        gid: 33,
        shell: true,
        numprocesses: 0,
        port: 5100,
        start: false,
        persist: true,
        priority: -1,
        flapping: "2, 1., 7., 5",
        redirect_output: "out,err",
        redirect_input: true,
        graceful_timeout: "500ms",
        stop_signal: "int",
        kill_mode: "process",
        on_host_exit: "keep",
        restart: "on-failure",
        success_codes: "0, 143",
        backoff: "100ms, 30s, 2, 0.5, 1m",
        on_give_up: "shutdown",
        output_buffer: "64k",
        stdin_timeout: 0.5,
        lossless_timeout: "2m",
      }),
    ).toEqual({
      name: "web",
      cmd: "./run",
      args: ["-p", "8 0"],
      cwd: `${homedir()}/app`,
      env: { MODE: "x" },
      envFiles: ["/a.env", `${homedir()}/b.env`],
      osEnv: false,
      uid: "www",
      gid: 33,
      detach: false,
      shell: true,
      numprocesses: 0,
      port: 5100,
      start: false,
      persist: true,
      priority: -1,
      flapping: { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetries: 5 },
      redirectOutput: ["out", "err"],
      redirectInput: true,
      gracefulTimeoutMs: 500,
      stopSignal: "SIGINT",
      killMode: "process",
      onHostExit: "keep",
      restart: "on-failure",
      successCodes: [0, 143],
      backoff: { minMs: 100, maxMs: 30_000, factor: 2, jitter: 0.5, resetAfterMs: 60_000 },
      onGiveUp: "shutdown",
      outputBufferBytes: 65_536,
      onLeaseEnd: "stop",
      stdinTimeoutMs: 500,
      losslessTimeoutMs: 120_000,
    });
  });

  test.each<[string, object, readonly string[]]>([
    ["nothing is said", {}, ["stdout", "stderr"]],
    ["it is null", { redirect_output: null }, ["stdout", "stderr"]],
    ["it is `none`", { redirect_output: "none" }, []],
    ["it is a list with `none`", { redirect_output: ["None"] }, []],
    ["it is an empty list", { redirect_output: [] }, []],
    ["it is empty", { redirect_output: "" }, []],
    ["stdout alone is named", { redirect_output: "out" }, ["out"]],
    ["it is detached", { detach: true }, []],
    ["it is kept when gafferd is killed", { on_host_exit: "keep" }, []],
    ["it is kept and outputs are named", { on_host_exit: "keep", redirect_output: "out, err" }, ["out", "err"]],
  ])("has the right outputs when %s", (_, settings, labels) => {
    expect(parse(settings).redirectOutput).toEqual([...labels]);
  });

  test.each<[object, string]>([
    [{}, "mixed"],
    [{ kill_mode: "group" }, "group"],
    [{ kill_mode: "process" }, "process"],
    [{ stop_group: true }, "group"],
    [{ stop_group: false }, "process"],
    [{ stop_group: false, kill_mode: "process" }, "process"],
    [{ stop_group: null, kill_mode: null }, "mixed"],
  ])("of %j has the right kill mode", (settings, killMode) => {
    expect(parse(settings).killMode).toBe(killMode as "mixed");
  });

  test("accepts the name that the caller already has, and no other", () => {
    const named = { defaultCwd: "/", name: "web" };
    expect(parseTemplate({ cmd: "x" }, named).name).toBe("web");
    expect(parseTemplate({ cmd: "x", name: null }, named).name).toBe("web");
    expect(parseTemplate({ cmd: "x", name: "web" }, named).name).toBe("web");
    expect(() => parseTemplate({ cmd: "x", name: "api" }, named)).toThrow(
      'cannot accept the process template: `name` must be "web" here, or left out, not "api"',
    );
  });

  test("does not change the body", () => {
    const body = Object.freeze({ cmd: "x", env: Object.freeze({ A: "1" }), args: Object.freeze(["a"]) });
    expect(parseTemplate(body, { defaultCwd: "/", name: "web" }).name).toBe("web");
  });
});

test.each(["web", "a", "my.app", "web:api", "a-b_c@1+2", "1a", "x".repeat(255)])("%p is a name", (name) => {
  expect(parse({ name }).name).toBe(name);
});

test.each([
  "",
  "a/b",
  "a b",
  "a\n",
  "_start",
  ".",
  "..",
  ".a",
  "-a",
  ":a",
  "a]",
  "a?",
  "a%20",
  "ü",
  "x".repeat(256),
  7,
  null,
  {},
])("%p is not a name", (name) => {
  const [code, field] = refusal({ name });
  expect([code, field]).toEqual(["invalid_process_info", "name"]);
});

test("a name that is a number is a bad value, because it would be read as a pid", () => {
  expect(refusal({ name: "42" })).toEqual([
    "bad_value",
    "name",
    'cannot accept the process template: `name` must not be a number, because that would be read as a pid: "42"',
  ]);
});

describe("an error", () => {
  test.each([
    [{ cmd: "" }, '`cmd` must be a non-empty string, not ""'],
    [{ cmd: " \n" }, "`cmd` must name a program to run, but is empty"],
    [{ cmd: '"" x' }, "`cmd` must name a program to run"],
    [{ cmd: "sh -c 'x" }, "`cmd`: unclosed single quote at character 7; close it, or put a backslash before it"],
    [{ cmd: "a\0b" }, "`cmd` must not contain a NUL byte"],
    [{ cmd: null }, "`cmd` is required"],
    [{ cmd: 3 }, "`cmd` must be a non-empty string, not 3"],
    [{ args: ["a", 1] }, "`args.1` must be a string, not 1"],
    [{ args: ["a", "b\0"] }, "`args.1` must not contain a NUL byte"],
    [{ args: "a 'b" }, "`args`: unclosed single quote at character 3; close it, or put a backslash before it"],
    [{ args: 1 }, "`args` must be words, as a string or as a list of strings, not 1"],
    [{ cwd: "sub" }, '`cwd` must be an absolute path or begin with ~/, not "sub"'],
    [{ cwd: "~root/x" }, '`cwd` must be an absolute path or begin with ~/, not "~root/x"'],
    [{ env: { PORT: 80 } }, "`env.PORT` must be a string, not 80"],
    [{ env: { "A=B": "x" } }, "`env.A=B` must not have `=` in the name of a variable"],
    [{ env: { "": "x" } }, "`env` has a variable without a name"],
    [{ env: { A: "\0" } }, "`env.A` must not contain a NUL byte"],
    [{ env: ["A=1"] }, '`env` must be an object whose values are strings, not ["A=1"]'],
    [{ env_file: "rel.env" }, '`env_file` must be an absolute path or begin with ~/, not "rel.env"'],
    [{ uid: -1 }, "`uid` must be a number from 0 to 4294967294 or a name, not -1"],
    [{ uid: "4294967295" }, '`uid` must be a number from 0 to 4294967294 or a name, not "4294967295"'],
    [{ uid: "-1" }, '`uid` must be a number from 0 to 4294967294 or a name, not "-1"'],
    [{ gid: "" }, '`gid` must be a number from 0 to 4294967294 or a name, not ""'],
    [{ os_env: "yes" }, '`os_env` must be true or false, not "yes"'],
    [{ numprocesses: -1 }, "`numprocesses` must be a whole number from 0 to 10000, not -1"],
    [{ numprocesses: 10_001 }, "`numprocesses` must be a whole number from 0 to 10000, not 10001"],
    [{ numprocesses: "1" }, '`numprocesses` must be a whole number from 0 to 10000, not "1"'],
    [{ priority: 1.5 }, "`priority` must be a whole number, not 1.5"],
    [{ flapping: { attempts: 0 } }, "`flapping.attempts` must be a whole number, 1 or more, not 0"],
    [{ flapping: { max_retry: -2 } }, "`flapping.max_retry` must be a whole number, -1 or more, not -2"],
    [{ flapping: { max_retires: 1 } }, "`flapping.max_retires`: unknown key; did you mean `max_retry`?"],
    [
      { flapping: { window: "x" } },
      '`flapping.window`: "x" is not a duration: write seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)',
    ],
    [
      { flapping: "2, 1." },
      '`flapping` must be four values, attempts, window, retry_in, max_retry (2, 1., 7., 5), not 2: "2, 1."',
    ],
    [{ flapping: "0 1 7 5" }, '`flapping` must have a whole number, 1 or more, for attempts, not "0"'],
    [{ flapping: "2 1 7 -2" }, '`flapping` must have a whole number, -1 or more, for max_retry, not "-2"'],
    [
      { flapping: true },
      "`flapping` must be attempts, window, retry_in, max_retry (2, 1., 7., 5), an object of these, or false, not true",
    ],
    [
      { redirect_output: "a b c" },
      "`redirect_output` must be at most two labels, for stdout and for stderr, not 3: a, b, c",
    ],
    [
      { redirect_output: ["a", "stdin"] },
      "`redirect_output.1` must not be `stdin`, which is the name of the input stream",
    ],
    [
      { redirect_output: ["a/b"] },
      '`redirect_output.0` must contain only letters, digits, `_`, `.` and `-`, not "a/b"',
    ],
    [{ graceful_timeout: "576h" }, '`graceful_timeout` must be less than 24 days, not "576h"'],
    [{ stop_signal: 0 }, /^`stop_signal`: 0 is not a signal; write a number or one of HUP, /],
    [{ stop_signal: "TREM" }, '`stop_signal`: "TREM" is not a signal; did you mean SIGTERM?'],
    [{ restart: "nver" }, '`restart` must be "always" or "on-failure" or "never", not "nver"; did you mean `never`?'],
    [
      { success_codes: "0, 256" },
      '`success_codes` must be exit codes from 0 to 255, separated by commas, not "0, 256"',
    ],
    [{ success_codes: "" }, '`success_codes` must be exit codes from 0 to 255, separated by commas, not ""'],
    [{ success_codes: [-1] }, "`success_codes.0` must be a whole number from 0 to 255, not -1"],
    [
      { backoff: "1 2 3 0.4 5 6" },
      '`backoff` must be on, off, or up to five values, min, max, factor, jitter, reset_after (100ms, 30s, 2, 0.1, 10s), not "1 2 3 0.4 5 6"',
    ],
    [{ backoff: "0, 1s" }, "`backoff.min` must be more than 0; to restart immediately every time, set `backoff = off`"],
    [{ backoff: "2s, 1s" }, "`backoff.max` must not be less than `min`"],
    [{ backoff: "1s, 2s, 0.5" }, '`backoff` must have a number from 1 to 1000 for factor, not "0.5"'],
    [{ backoff: "1s, 2s, 2, 2" }, '`backoff` must have a number from 0 to 1 for jitter, not "2"'],
    [{ backoff: { jitter: 2 } }, "`backoff.jitter` must be a number from 0 to 1, not 2"],
    [{ backoff: { mn: 2 } }, "`backoff.mn`: unknown key; did you mean `min`?"],
    [{ on_give_up: "stop" }, '`on_give_up` must be "ignore" or "shutdown", not "stop"'],
    [{ output_buffer: "4095" }, '`output_buffer` must be from 4k to 1g, not "4095"'],
    [{ output_buffer: "2g" }, '`output_buffer` must be from 4k to 1g, not "2g"'],
    [{ output_file: "a.log" }, '`output_file` must be an absolute path or begin with ~/, not "a.log"'],
    [{ output_file: "/var/log/" }, '`output_file` must be a file, not a folder: "/var/log/"'],
    [
      { output_file: "/a-%d.log" },
      '`output_file` has an unknown placeholder "%d"; write %n, %p, %l, or %% for a percent sign',
    ],
    [
      { output_file: "/a%" },
      '`output_file` has an unknown placeholder "%"; write %n, %p, %l, or %% for a percent sign',
    ],
    [{ output_keep: "10k" }, "`output_keep` must be at least 1m, not 10240"],
    [{ output_keep: "30s" }, "`output_keep` must be at least 1 minute, not 30 s"],
    [{ output_keep: {} }, "`output_keep` must have a size, an age, or both"],
    [{ output_keep: "1m 2m" }, '`output_keep` must be a size (64m), an age (7d), or both (64m, 7d), not "1m 2m"'],
    [
      { output_keep: "1m", redirect_output: "none" },
      "`output_keep` must not be set without an output; add a label to `redirect_output`",
    ],
    [{ output_rotate: "1k, 5", output_file: "/a" }, "`output_rotate` must be at least 4k, not 1024"],
    [{ output_rotate: "1m, 0", output_file: "/a" }, "`output_rotate` must keep from 1 to 1000 old files"],
    [{ output_rotate: "1m 5 6", output_file: "/a" }, '`output_rotate` must be size, keep (10m, 5), not "1m 5 6"'],
    [{ output_rotate: "1m" }, "`output_rotate` must not be set without `output_file`, the file to rotate"],
    [
      { output_file: "/a", redirect_output: "none" },
      "`output_file` must not be set without an output; add a label to `redirect_output`",
    ],
    [
      { output_to: "stdout", detach: true },
      "`output_to` must not be set without an output; add a label to `redirect_output`",
    ],
    [{ lease: "60s" }, "`lease` must not be set without `owner`, who renews it"],
    [{ owner: "me" }, "`owner` must not be set without `lease`, its duration (lease = 60s)"],
    [{ on_lease_end: "keep" }, "`on_lease_end` must not be set without `owner` and `lease`"],
    [{ lease: 0, owner: "me" }, "`lease` must be more than 0"],
    [{ lease: "25h 3", owner: "me" }, /^`lease`: "25h 3" is not a duration/],
    [
      { owner: "-me", lease: 1 },
      '`owner` must be 1 to 64 letters, digits and `_ . : @ + -`, beginning with a letter or a digit, not "-me"',
    ],
    [
      { owner: "me", lease: 1, detach: true },
      "`owner` must not be set with `detach`: gafferd does not stop detached processes",
    ],
    [
      { owner: "me", lease: 1, on_host_exit: "keep" },
      "`owner` must not be set with `on_host_exit = keep`: such processes may outlive any lease",
    ],
    [{ output_to: "stderr" }, '`output_to` must be "stdout", not "stderr"'],
    [{ numproceses: 1 }, "`numproceses`: unknown key; did you mean `numprocesses`?"],
    [{ custom_streams: ["ctl"] }, "`custom_streams`: unknown key"],
    [
      { detach: true, redirect_input: true },
      "`detach` must be false with `redirect_input`, because the pipes of a detached process close when gafferd exits",
    ],
    [
      { detach: true, redirect_output: ["a"] },
      "`detach` must be false with `redirect_output`, because the pipes of a detached process close when gafferd exits",
    ],
  ])("of %j says why", (settings, expected) => {
    if (typeof expected === "string") expect(reason(settings)).toBe(expected);
    else expect(reason(settings)).toMatch(expected);
  });

  test("of a long value shows its beginning", () => {
    expect(reason({ numprocesses: "x".repeat(10_000) })?.length).toBeLessThan(200);
  });

  test.each([[null], [undefined], ["text"], [3], [[]], [true]])("of %j says that an object is required", (body) => {
    expect(() => parseTemplate(body, context)).toThrow(
      "cannot accept the process template: the body must be a JSON object",
    );
  });

  test("readTemplate returns all problems", () => {
    const { problems } = readTemplate(
      { env: { A: 1, B: 2 }, start: 1, args: "'", nmae: "x", stop_signal: "x" },
      context,
    );
    expect(problems?.map(({ field }) => field)).toEqual([
      "nmae",
      "name",
      "cmd",
      "env.A",
      "env.B",
      "start",
      "args",
      "stop_signal",
    ]);
  });
});

test.each([
  [["a"], ["a"]],
  [
    ["a", "a"],
    ["a", "a"],
  ],
  ["a", ["a"]],
  ["out, err", ["out", "err"]],
  ["out err", ["out", "err"]],
  ["", []],
])("redirect_output %j gives the labels %j", (value, labels) => {
  expect(parse({ redirect_output: value }).redirectOutput).toEqual(labels);
});

test.each([
  ["2, 1., 7., 5", [2, 1000, 7000, 5]],
  ["2 1. 7. 5", [2, 1000, 7000, 5]],
  ["3,500ms,1m,0", [3, 500, 60_000, 0]],
  [{}, [2, 1000, 7000, 5]],
  [{ attempts: 9, window: null, retry_in: "1m" }, [9, 1000, 60_000, 5]],
])("flapping %j is attempts, window, retry_in, max_retry: %j", (flapping, expected) => {
  expect(Object.values(parse({ flapping }).flapping ?? {})).toEqual(expected);
});

test.each([[false], [null], ["false"], ["off"], ["no"], ["none"], [""]])("flapping %j is off", (flapping) => {
  expect(parse({ flapping })).not.toHaveProperty("flapping");
});

test.each([
  ["1s, 1m", [1000, 60_000, 2, 0.1, 10_000]],
  ["1s 1m 1.5 0 10s", [1000, 60_000, 1.5, 0, 10_000]],
  [true, [100, 30_000, 2, 0.1, 10_000]],
  ["on", [100, 30_000, 2, 0.1, 10_000]],
  [{ max: "1h", factor: null }, [100, 3_600_000, 2, 0.1, 10_000]],
  ["1", [1000, 30_000, 2, 0.1, 10_000]],
  [1, [1000, 30_000, 2, 0.1, 10_000]],
  ["500ms", [500, 30_000, 2, 0.1, 10_000]],
  ["1m", [60_000, 60_000, 2, 0.1, 10_000]],
  [{ min: 45 }, [45_000, 45_000, 2, 0.1, 10_000]],
])("backoff %j is min, max, factor, jitter, reset_after: %j", (backoff, expected) => {
  expect(Object.values(parse({ backoff }).backoff ?? {})).toEqual(expected);
});

test("backoff is on when neither it nor flapping is set, and off when flapping alone is", () => {
  expect(parse({}).backoff).toEqual(defaultBackoff);
  expect(parse({ backoff: null, flapping: "off" }).backoff).toEqual(defaultBackoff);
  expect(parse({ flapping: "2, 1., 7., 5" })).not.toHaveProperty("backoff");
  expect(parse({ flapping: "2, 1., 7., 5", backoff: "on" }).backoff).toEqual(defaultBackoff);
});

test.each(["2, 1., 7., -1", { attempts: 2, max_retry: -1 }])("flapping %j retries without limit", (flapping) => {
  expect(parse({ flapping }).flapping?.maxRetries).toBe(Infinity);
});

test("port must leave a port for each process, and nothing else may set PORT", () => {
  expect(parse({ port: 65_534, numprocesses: 2 }).port).toBe(65_534);
  expect(parse({ port: 65_535, numprocesses: 0 }).port).toBe(65_535);
  expect(parse({ port: null })).not.toHaveProperty("port");
  expect(reason({ port: 65_534, numprocesses: 3 })).toBe(
    "`port` is too high for 3 processes: their ports would be 65534 to 65536, the highest is 65535",
  );
  expect(reason({ port: 65_536 })).toBe("`port` must be a whole number from 1 to 65535, not 65536");
  expect(reason({ port: 0 })).toBe("`port` must be a whole number from 1 to 65535, not 0");
  expect(refusal({ port: 5100, env: { PORT: "1" } })).toEqual([
    "invalid_process_info",
    "env.PORT",
    "cannot accept the process template: `env.PORT` must not be set with `port`, which sets it for each process",
  ]);
});

test.each([[false], ["off"], ["none"], [0], ["0"]])("backoff %j is off", (backoff) => {
  expect(parse({ backoff })).not.toHaveProperty("backoff");
});

test.each([
  [3, [3]],
  ["0, 2 143", [0, 2, 143]],
  [[1, 1], [1]],
])("success_codes %j are %j", (codes, expected) => {
  expect(parse({ success_codes: codes }).successCodes).toEqual(expected);
});

test("every property of the schema is described", () => {
  expect(templateKeys.filter((key) => !templateSchema.properties[key].description)).toEqual([]);
});

describe("any JSON", () => {
  const nasty = fc.oneof(
    fc.json().map((text) => JSON.parse(text)),
    fc.constantFrom<unknown>(
      "",
      " ",
      "'",
      "\0",
      "stdin",
      "1k",
      "5m",
      "SIGKILL",
      -1,
      0.5,
      1e308,
      [],
      {},
      [null],
      "~",
      "/",
    ),
  );
  const keys = fc.oneof(
    fc.constantFrom<string>(...templateKeys),
    fc.constantFrom("__proto__", "constructor"),
    fc.string(),
  );
  const bodies = fc.array(fc.tuple(keys, nasty)).map((entries) => Object.fromEntries(entries));
  const almostRight = bodies.map((body) => ({ name: "web", cmd: "./run", ...body }));

  test("is a template or an error with a field", () => {
    fc.assert(
      fc.property(fc.oneof(nasty, bodies, almostRight), (body) => {
        try {
          expect(parseTemplate(body, context).stopSignal).toStartWith("SIG");
        } catch (error) {
          expect(error).toBeInstanceOf(GafferdError);
          expect(["invalid_process_info", "bad_value"]).toContain((error as GafferdError).code);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test("is accepted only if it passes the published schema, apart from null and the keys of gaffer's clients", () => {
    fc.assert(
      fc.property(almostRight, (body) => {
        if (readTemplate(body, context).template) {
          expect([...Value.Errors(templateSchema, body)].filter(({ path }) => !/^.(group|custom_)/.test(path))).toEqual(
            [],
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  [{ command: "x" }, "command", "did you mean `cmd`?"],
  [{ cmd: "x", instances: 2 }, "instances", "did you mean `numprocesses`?"],
  [
    { cmd: "x", environment: {} },
    "environment",
    "cannot accept the process template: `environment`: unknown key; write environment variables as an object, `env`",
  ],
  [{ cmd: "x", redirect_stderr: true }, "redirect_stderr", "write `redirect_output = stdout, stdout`"],
])("the error about a key of another tool in the body %j names gafferd's key", (settings, field, advice) => {
  const read = () => parseTemplate({ name: "t", ...settings }, { defaultCwd: "/" });
  expect(read).toThrow(expect.objectContaining({ code: "invalid_process_info", field }));
  expect(read).toThrow(advice);
});
