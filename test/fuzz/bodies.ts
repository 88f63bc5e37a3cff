import fc from "fast-check";
import { templateSchema } from "../../src/template/properties.ts";
import { startFuzzedDaemon } from "./fuzzed-daemon.ts";
import type { FuzzTarget } from "./target.ts";
import { damaged, oddNumber, oddText } from "./text.ts";

/** Programs that end soon and change nothing, and names of no program. Every `cmd` is one of these. */
const programs = [
  "true",
  "false",
  "sleep 0.3",
  "printf x",
  "timeout 1 cat",
  "/no/such/program",
  "none",
  "'true",
  "${A:-true}",
  "",
];

// Words that are harmless in a shell too.
const words = ["a", "é", "$A", "\u0000", "\uD800", "'", "", "x".repeat(70_000), "-1"];
const flags = [true, false, null, 0, "yes"];

/** Values that are right, nearly right, or out of range. Other types come from `wrong`. */
const plausible: Readonly<Record<string, readonly unknown[]>> = {
  name: ["made", "g:made", "live", "1", "", "a/b", "..", "é", "a".repeat(256), "a\u0000"],
  cmd: programs,
  args: [words, ["a"], [], [[]], [null], Array(2000).fill("a"), "a 'b c'", words.join(" ")],
  cwd: ["/", "/none", "", ".", "~", "\u0000", "$A"],
  env: [
    { A: "1" },
    { A: null },
    { "": "x" },
    { "A=B": "x" },
    { "A\u0000": "x" },
    { A: "\uD800" },
    { __proto__: "x" },
    { A: "$A".repeat(2000) },
  ],
  env_file: ["none.env", ["gaffer.ini"], [], "\u0000", "."],
  uid: [65534, "nobody", "no-such-user", -1, 4294967295, ""],
  gid: [65534, "nogroup", "no-such-group", -1, 4294967295, ""],
  numprocesses: [0, 1, 2, -1, 1.5, 20_000],
  port: [0, 1, 65535, 65536],
  priority: [0, -5, 1.5, 1e300],
  flapping: ["2, 1, 7, 5", { attempts: 1, window: 1 }, {}, "1", { attempts: -1 }],
  redirect_output: [["out"], ["out", "err"], ["same", "same"], [], ["exit"], ["a", "b", "c"], ["\u0000"], [""], "none"],
  graceful_timeout: [0, 1, 0.5, "1s", -1, "1d", 1e300],
  stop_signal: ["TERM", "KILL", 15, 0, 65, "RTMIN+99", "x"],
  kill_mode: ["mixed", "group", "process", "x"],
  stop_group: flags,
  on_host_exit: ["kill", "x"],
  restart: ["always", "on-failure", "never", "x"],
  success_codes: [[0], [256], "0, 1", 3, []],
  backoff: ["100ms, 30s, 2, 0.1, 10s", { min: 5, max: 1 }, 1, "0", { factor: 1e9 }],
  on_give_up: ["ignore", "x"],
  output_buffer: ["64k", 4096, 0, "99g", -1],
  output_keep: ["64m, 7d", "1m", "1d 2d", "10k", { size: "1m", age: 60 }, { age: "1s" }, {}, false, "off", "0"],
  output_file: ["", "a.log", "/a%", "\u0000", "/none/"],
  output_rotate: ["10m, 5", { size: 4096 }, { size: 1 }, "1m, 0", ""],
  output_to: ["stdout", "stderr"],
  owner: ["me", "", "a b", "x".repeat(65)],
  lease: ["60s", 0, -1, "25d"],
  on_lease_end: ["stop", "keep", "x"],
  url: [
    "http://127.0.0.1:1/hook",
    "http://[::1]:1/?a=\uD800",
    "ftp://127.0.0.1/",
    "http://",
    "http://127.0.0.1:99999/",
    "",
  ],
  event: [".", "spawn", "proc.live", "x", "", "a".repeat(5000)],
  pattern: [".", "spawn"],
  secret: ["whsec_x", "a", "A".repeat(44)],
  timeout: [1, "1s", 0, "99d"],
  retries: [0, 1, -1, 1.5, 1e18],
};
const keys = [
  ...new Set([
    ...Object.keys(templateSchema.properties),
    ...Object.keys(plausible),
    "__proto__",
    "constructor",
    "toString",
    "numproceses",
  ]),
];

const wrong = fc.oneof(
  fc.constantFrom<unknown>(...flags, -0, 1.5, 1e21, [], {}, [[]], { a: { b: {} } }),
  fc.jsonValue({ maxDepth: 2 }),
  oddText,
);
/** A value as JSON. */
const valueOf = (key: string): fc.Arbitrary<string> => {
  const listed = fc
    .constantFrom<unknown>(...((Object.hasOwn(plausible, key) && plausible[key]) || flags))
    .map((value) => JSON.stringify(value));
  // A program from chance would not be harmless, and a great number of processes neither.
  if (key === "cmd")
    return fc.oneof({ weight: 8, arbitrary: listed }, fc.constantFrom("1", "null", "[]", "{}", '["true"]'));
  if (key === "url" || key === "cwd") return listed;
  const other = fc.oneof(
    wrong.map((value) => JSON.stringify(value)),
    oddNumber.filter((text) => key !== "numprocesses" || !/^\d/.test(text)),
  );
  return fc.oneof({ weight: 4, arbitrary: listed }, { weight: 1, arbitrary: other });
};
const member = fc.constantFrom(...keys).chain((key) => valueOf(key).map((value) => `${JSON.stringify(key)}:${value}`));
const required = fc.tuple(valueOf("name"), valueOf("cmd")).map(([name, cmd]) => [`"name":${name}`, `"cmd":${cmd}`]);
const registration = fc
  .tuple(valueOf("url"), valueOf("event"))
  .map(([url, event]) => [`"url":${url}`, `"event":${event}`]);
/** A JSON object with the keys of a template or a webhook. */
export const object = fc
  .tuple(
    fc.oneof(required, registration, fc.constant([])),
    fc.array(member, { maxLength: 6 }),
    fc.constantFrom("", " ", "\r\n\t"),
  )
  .map(([first, rest, blank]) => `${blank}{${[...first, ...rest].join(`,${blank}`)}}`);

const depth = fc.integer({ min: 1, max: 100_000 });
/** Bodies of requests that create or change something. What they run is harmless. */
export const body: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc
  .oneof(
    { weight: 8, arbitrary: object.map((text) => Buffer.from(text)) },
    // Signs only, so that no number grows and no other program appears.
    {
      weight: 3,
      arbitrary: damaged(
        object.map((text) => Buffer.from(text)),
        fc
          .array(fc.constantFrom(...'{}[]",:\\\0 \xff'), { maxLength: 3 })
          .map((parts) => Buffer.from(parts.join(""), "latin1")),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(depth, fc.constantFrom("[", '{"env":', '{"a":['))
        .map(([count, text]) => Buffer.from(text.repeat(count))),
    },
    {
      weight: 1,
      arbitrary: depth.map((count) =>
        Buffer.from(
          `{${Array.from({ length: Math.min(count, 20_000) }, (_, index) => `"k${index}":${index}`).join()}}`,
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: depth.map((count) =>
        Buffer.from(`{"cmd":"true","name":"made","args":[${Array(count).fill(7).join()}]}`),
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        Buffer.alloc(1024 * 1024 + 1, " "),
        Buffer.from("\uFEFF{}"),
        Buffer.from("{}", "utf16le"),
        Buffer.alloc(0),
      ),
    },
  )
  .map((bytes) => new Uint8Array(bytes));

const route = fc.constantFrom(
  "POST /processes",
  "POST /processes",
  "PUT /processes/live",
  "POST /processes/live",
  "PUT /processes/made",
  "PUT /processes/none",
  "POST /webhooks",
  "DELETE /webhooks",
  "POST /streams/1/stdin",
  "POST /streams/live/stdin",
  "POST /_reload",
  "POST /processes/live/_start",
);
const type = fc.constantFrom(
  "application/json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "a/b; charset=utf-16",
);

/** Any body gets an answer, and what it creates can be deleted. */
export const bodies: FuzzTarget = {
  name: "bodies",
  inputs: 400,
  async start() {
    const daemon = await startFuzzedDaemon();
    const property = fc.asyncProperty(route, type, body, async (line, contentType, bytes) => {
      const [method = "", path = ""] = line.split(" ");
      await daemon.ask({ method, path, headers: { "content-type": contentType }, body: bytes });
      await daemon.ask({ method: "GET", path: "/processes?detail=true" });
      await daemon.ask({ method: "DELETE", path: "/processes/made" });
    });
    return { property, settle: () => daemon.settle(), [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  },
};
