import { expect, test } from "bun:test";
import { GafferdError } from "../../../src/errors.ts";
import { toGafferdError } from "../../../src/http/quirks/gafferd-error.ts";

test.each(["PARSE", "VALIDATION"])("Elysia's error %s becomes `bad_value` and does not repeat the input", (code) => {
  const cause = new Error("expected a string, found: secret");
  const error = toGafferdError(code, cause);
  expect(error).toBeInstanceOf(GafferdError);
  expect(error).toMatchObject({ code: "bad_value", cause });
  expect((error as Error).message).not.toContain("secret");
});

test.each(["UNKNOWN", "INTERNAL_SERVER_ERROR", 500])("an error with the code %p stays as it is", (code) => {
  const error = new Error("x");
  expect(toGafferdError(code, error)).toBe(error);
});
