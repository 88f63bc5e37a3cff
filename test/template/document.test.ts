import { expect, test } from "bun:test";
import fc from "fast-check";
import { constants } from "node:os";
import { toDocument } from "../../src/template/document.ts";
import { templateKeys } from "../../src/template/properties.ts";
import { parseTemplate } from "../../src/template/schema.ts";
import { parseSignal } from "../../src/template/signals.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";

test("a document has every setting, and null for settings that are not set", () => {
  const document = toDocument(parseTemplate({ name: "web", cmd: "./run" }, { defaultCwd: "/srv" }));
  expect(document).toEqual({
    name: "web",
    cmd: "./run",
    args: [],
    cwd: "/srv",
    env: {},
    env_file: [],
    os_env: true,
    uid: null,
    gid: null,
    detach: false,
    shell: false,
    numprocesses: 1,
    port: null,
    start: true,
    persist: true,
    priority: null,
    flapping: null,
    redirect_output: ["stdout", "stderr"],
    redirect_input: false,
    graceful_timeout: 10,
    stop_signal: "SIGTERM",
    kill_mode: "mixed",
    on_host_exit: "kill",
    restart: "always",
    success_codes: [0],
    backoff: { min: 0.1, max: 30, factor: 2, jitter: 0.1, reset_after: 10 },
    on_give_up: "ignore",
    output_buffer: 1_048_576,
    output_keep: null,
    output_file: null,
    output_rotate: null,
    output_to: null,
    owner: null,
    lease: null,
    on_lease_end: "stop",
    stdin_timeout: 30,
    lossless_timeout: 30,
  });
  expect(Object.keys(document)).toEqual(templateKeys.filter((key) => key !== "stop_group"));
});

const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
const path = fc.stringMatching(/^(\/[a-z ,~$]{1,5}){1,3}$/);
const durationMs = fc.nat(24 * 24 * 3_600_000 - 1);
const user = fc.oneof(fc.nat(4_294_967_294), fc.constantFrom("root", "www-data"));
const label = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,5}$/).filter((value) => value !== "stdin");

const templates: fc.Arbitrary<ProcessTemplate> = fc.record(
  {
    name: fc.stringMatching(/^[a-z][\w.:@+-]{0,10}$/),
    cmd: fc
      .array(fc.stringMatching(/^[a-z$/.]{1,6}$|^'[^'\0]{1,6}'$/), { minLength: 1 })
      .map((words) => words.join(" ")),
    args: fc.array(text),
    cwd: path,
    env: fc.dictionary(
      text.filter((name) => name !== "" && !name.includes("=")),
      text,
    ),
    envFiles: fc.array(path),
    osEnv: fc.boolean(),
    uid: user,
    gid: user,
    detach: fc.boolean(),
    shell: fc.boolean(),
    numprocesses: fc.nat(10_000),
    start: fc.boolean(),
    persist: fc.boolean(),
    priority: fc.maxSafeInteger(),
    flapping: fc.record({
      attempts: fc.integer({ min: 1 }),
      windowMs: durationMs,
      retryInMs: durationMs,
      maxRetries: fc.nat(),
    }),
    redirectOutput: fc.array(label, { maxLength: 2 }),
    redirectInput: fc.boolean(),
    gracefulTimeoutMs: durationMs,
    stopSignal: fc.constantFrom(...Object.values(constants.signals).map((number) => parseSignal(number).name)),
    killMode: fc.constantFrom("mixed", "group", "process"),
    onHostExit: fc.constantFrom("kill", "keep"),
    restart: fc.constantFrom("always", "on-failure", "never"),
    successCodes: fc.uniqueArray(fc.nat(255), { minLength: 1 }),
    backoff: fc
      .tuple(fc.integer({ min: 1, max: 10 ** 9 }), fc.nat(10 ** 9), fc.double({ min: 1, max: 1000, noNaN: true }))
      .chain(([minMs, longerMs, factor]) =>
        fc.record({
          minMs: fc.constant(minMs),
          maxMs: fc.constant(minMs + longerMs),
          factor: fc.constant(factor),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
          resetAfterMs: durationMs,
        }),
      ),
    onGiveUp: fc.constantFrom("ignore", "shutdown"),
    outputBufferBytes: fc.integer({ min: 4096, max: 1024 ** 3 }),
    onLeaseEnd: fc.constant("stop"),
    stdinTimeoutMs: durationMs,
    losslessTimeoutMs: durationMs,
  },
  {
    requiredKeys: [
      "name",
      "cmd",
      "args",
      "cwd",
      "env",
      "envFiles",
      "osEnv",
      "detach",
      "shell",
      "numprocesses",
      "start",
      "persist",
      "redirectOutput",
      "redirectInput",
      "gracefulTimeoutMs",
      "stopSignal",
      "killMode",
      "onHostExit",
      "restart",
      "successCodes",
      "onGiveUp",
      "outputBufferBytes",
      "onLeaseEnd",
      "stdinTimeoutMs",
      "losslessTimeoutMs",
    ],
  },
);

test("parsing a template's document, as JSON, gives the same template", () => {
  fc.assert(
    fc.property(templates, (drawn) => {
      const template = drawn.detach ? { ...drawn, redirectOutput: [], redirectInput: false } : drawn;
      const document: unknown = JSON.parse(JSON.stringify(toDocument(template)));
      expect(parseTemplate(document, { defaultCwd: "/elsewhere" })).toEqual(template);
    }),
    { numRuns: 300 },
  );
});

test("the owner and its lease survive as well", () => {
  const body = { name: "web", cmd: "./run", owner: "agent:7", lease: "1.5s", on_lease_end: "keep" };
  const template = parseTemplate(body, { defaultCwd: "/srv" });
  expect(toDocument(template)).toMatchObject({ owner: "agent:7", lease: 1.5, on_lease_end: "keep" });
  expect(parseTemplate(toDocument(template), { defaultCwd: "/" })).toEqual(template);
});

test("the settings of output files survive as well", () => {
  const body = { name: "web", cmd: "./run", output_file: "/log/%n", output_rotate: "1m", output_to: "stdout" };
  const template = parseTemplate(body, { defaultCwd: "/srv" });
  expect(toDocument(template)).toMatchObject({ output_rotate: { size: 1_048_576, keep: 5 } });
  expect(parseTemplate(toDocument(template), { defaultCwd: "/" })).toEqual(template);
});
