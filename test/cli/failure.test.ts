import { describe, expect, test } from "bun:test";
import { describeFailure } from "../../src/cli/failure.ts";
import { UsageError } from "../../src/cli/check-words.ts";
import { PidfileError } from "../../src/cli/pidfile.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { GafferdError } from "../../src/errors.ts";

test("an invalid command line is reported with a hint to --help, status 2", () => {
  expect(describeFailure(new UsageError("unknown option `--nope`"))).toEqual({
    status: 2,
    text: "gafferd: unknown option `--nope`\nSee `gafferd --help`.\n",
  });
});

test("the problems of a configuration are one line each, then their number, status 2", () => {
  const problems = [
    { file: "/etc/gaffer.ini", line: 3, section: "process:web", key: "cmd", message: "is required" },
    { file: "command line", key: "--bind", message: "must be host:port" },
  ];
  expect(describeFailure(new ConfigError(problems))).toEqual({
    status: 2,
    text:
      "/etc/gaffer.ini:3: [process:web] cmd: is required\n" +
      "command line: --bind: must be host:port\n" +
      "gafferd: cannot use this configuration: 2 errors, nothing was started\n",
  });
  expect(describeFailure(new ConfigError(problems.slice(1))).text).toContain(": 1 error, ");
});

test("an expected error is reported by its message, status 1", () => {
  for (const error of [new GafferdError("internal", "cannot open it"), new PidfileError("cannot open it")]) {
    expect(describeFailure(error)).toEqual({ status: 1, text: "gafferd: cannot open it\n" });
  }
});

test("an unexpected error is reported with its stack", () => {
  const { status, text } = describeFailure(new TypeError("x is not a function"));
  expect(status).toBe(1);
  expect(text).toMatch(/^gafferd: x is not a function\n +at /);
});

test("a thrown value that is not an Error is reported too", () => {
  expect(describeFailure("just a text")).toEqual({ status: 1, text: "gafferd: just a text\n" });
});

test("control characters in an error are escaped", () => {
  expect(describeFailure(new UsageError("unknown option `\u001B[2J`")).text).toContain("`\\x1b[2J`");
});

describe("an address that is in use", () => {
  test.each(["127.0.0.1", "::1"])("is reported with the process that uses it, and with advice: %s", (hostname) => {
    using server = Bun.serve({ port: 0, hostname, fetch: () => new Response() });
    const error = errorOfListening(`${hostname === "::1" ? "[::1]" : hostname}:${server.port}`);
    const [first, holder = "", advice] = describeFailure(error).text.split("\n");
    expect(first).toBe(`gafferd: ${error.message}`);
    expect(holder).toContain(` is used by process ${process.pid}: `);
    expect(advice).toBe("To use another port: gafferd --bind=127.0.0.1:5001");
  });

  test("is reported without the process if that is unknown", () => {
    const { text } = describeFailure(errorOfListening("127.0.0.1:1"));
    expect(text).not.toContain("has it");
    expect(text).toContain("--bind=");
  });

  test("is reported without advice if it is not a port", () => {
    const error = errorOfListening("unix:/run/gaffer.sock");
    expect(describeFailure(error).text).toBe(`gafferd: ${error.message}\n`);
  });
});

function errorOfListening(address: string): GafferdError {
  const cause = Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  return new GafferdError("conflict", `cannot listen on ${address} for [endpoint:default]: it is in use`, { cause });
}
