import { expect, test } from "bun:test";
import { assertDecoded } from "../../../src/http/quirks/decoded-path.ts";

test("a parameter that Elysia could not decode is `bad_value`, with its name", () => {
  expect(() => assertDecoded({ name: "web", label: null })).toThrow(
    expect.objectContaining({ code: "bad_value", field: "label", message: expect.stringContaining("percent-encoded") }),
  );
});

test.each([undefined, {}, { name: "web" }, { name: "" }])("%j is accepted", (params) => {
  expect(() => assertDecoded(params)).not.toThrow();
});
