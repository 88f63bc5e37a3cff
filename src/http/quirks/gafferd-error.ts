import { GafferdError } from "../../errors.ts";

/**
 * Converts Elysia's errors to `GafferdError`. For an invalid body or parameter, Elysia 1.4.30 would respond with its own
 * code, its schema and the input of the client.
 */
export function toGafferdError(code: number | string, error: unknown): unknown {
  if (code !== "PARSE" && code !== "VALIDATION") return error;
  return new GafferdError(
    "bad_value",
    "the body or a parameter of the request is invalid; GET /docs describes what each path accepts",
    { cause: error },
  );
}
