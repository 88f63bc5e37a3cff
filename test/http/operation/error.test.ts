import { describe, expect, test } from "bun:test";
import { errorCodes, GafferdError } from "../../../src/errors.ts";
import { statusByCode, toErrorResponse } from "../../../src/http/operation/error.ts";
import { createService } from "../service.ts";

const request = new Request("http://localhost/processes/a?token=secret", { method: "PUT" });

function answer(error: unknown) {
  const { log, logged } = createService();
  return { response: toErrorResponse(error, { request, log }), logged };
}

test.each([...errorCodes])("%s has an error status", (code) => {
  expect(statusByCode[code]).toBeWithin(400, 600);
});

test("an error response has code, message, field and details", async () => {
  const error = new GafferdError("gone", "it has ended", { field: "pid", details: { bytes: 5 } });
  const { response, logged } = answer(error);
  expect(response.status).toBe(410);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  expect(await response.json()).toEqual({ error: "gone", message: "it has ended", field: "pid", bytes: 5 });
  expect(logged).toEqual([]);
});

test("details cannot replace code and message", async () => {
  const { response } = answer(new GafferdError("gone", "it has ended", { details: { error: "x", message: "y" } }));
  expect(await response.json()).toEqual({ error: "gone", message: "it has ended" });
});

test("only overloaded has Retry-After", () => {
  expect(answer(new GafferdError("overloaded", "x")).response.headers.get("retry-after")).toBe("1");
  expect(answer(new GafferdError("gone", "x")).response.headers.get("retry-after")).toBeNull();
});

describe("an internal error", () => {
  test.each<[string, unknown]>([
    ["an exception", new TypeError("secret detail")],
    ["a thrown text", "secret detail"],
    ["nothing thrown", undefined],
    [
      "an error with the code `internal`",
      new GafferdError("internal", "secret", { field: "secret", details: { secret: 1 } }),
    ],
  ])("is hidden from the client and logged: %s", async (_, error) => {
    const { response, logged } = answer(error);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ error: "internal", message: expect.any(String) });
    expect(text).not.toContain("secret");
    expect(logged).toEqual([{ line: "error cannot answer PUT /processes/a", cause: error }]);
  });
});
