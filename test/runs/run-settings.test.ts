import { describe, expect, test } from "bun:test";
import { runBodySchema } from "../../src/documents/run-schemas.ts";
import { firstDifference, parseRun } from "../../src/runs/run-settings.ts";

const canonical = (body: Record<string, unknown>) => parseRun(body, "a", "/").canonical;

test("two bodies are the same if they mean the same", () => {
  const long = {
    cmd: "echo 'a b'",
    args: ["c"],
    env: { B: "2", A: "1" },
    timeout: "1m",
    keep: "10m",
    graceful_timeout: 10,
    stop_signal: 15,
    redirect_output: "stdout, stderr",
    output_buffer: "1m",
    stdin: null,
    cwd: null,
  };
  const short = { timeout: 60, args: "c", env: { A: "1", B: "2" }, cmd: "echo 'a b'" };
  expect(firstDifference(canonical(long), canonical(short))).toBeUndefined();
});

test.each<[string, Record<string, unknown>]>([
  ["args", { args: ["a"] }],
  ["cwd", { cwd: "/tmp" }],
  ["env.A", { env: { A: "1" } }],
  ["os_env", { os_env: false }],
  ["uid", { uid: 5 }],
  ["shell", { shell: true }],
  ["graceful_timeout", { graceful_timeout: 1 }],
  ["stop_signal", { stop_signal: "INT" }],
  ["kill_mode", { kill_mode: "group" }],
  ["redirect_input", { redirect_input: true }],
  ["redirect_output", { redirect_output: ["out"] }],
  ["output_rotate", { output_file: "/tmp/x", output_rotate: "1m, 5" }],
  ["timeout", { timeout: 1 }],
  ["keep", { keep: 1 }],
])("the first difference is named: %s", (field, body) => {
  const given = { cmd: "true", ...(field === "output_rotate" && { output_file: "/tmp/x" }) };
  expect(firstDifference(canonical(given), canonical({ cmd: "true", ...body }))).toBe(field);
});

test("the settings that are compared are all that a body may have, and the input only as a hash", () => {
  const settings = canonical({ cmd: "cat", stdin: "secret" });
  expect(Object.keys(settings).toSorted()).toEqual(Object.keys(runBodySchema.properties).toSorted());
  expect(JSON.stringify(settings)).not.toContain("secret");
});

test("a run is one process that is not restarted, under a name that no template can have", () => {
  const { template } = parseRun({ cmd: "true" }, "build:42", "/srv");
  expect(template).toMatchObject({ name: "run~build:42", cwd: "/srv", numprocesses: 1, restart: "never" });
  expect(template.backoff).toBeUndefined();
  expect(template.redirectInput).toBe(false);
  expect(parseRun({ cmd: "cat", stdin: "" }, "a", "/").template.redirectInput).toBe(true);
});

describe("input", () => {
  test("is text in UTF-8, or Base64 with or without padding", () => {
    expect(inputOf("é")).toBe("c3a9");
    expect([inputOf({ base64: "/w==" }), inputOf({ base64: "/w" })]).toEqual(["ff", "ff"]);
    expect(inputOf({ base64: "" })).toBe("");
  });
});

function inputOf(stdin: unknown): string {
  return Buffer.from(parseRun({ cmd: "cat", stdin }, "a", "/").stdin ?? []).toString("hex");
}
