import { GafferdError } from "../../errors.ts";

/**
 * What is wrong with a request, as our clients are told. Elysia 1.4.30 has codes of its own for a body or a parameter that
 * it cannot take, and would answer with its schema and the client's input.
 */
export function toOwnError(code: number | string, error: unknown): unknown {
  if (code !== "PARSE" && code !== "VALIDATION") return error;
  return new GafferdError("bad_value", "the request is not what this path takes", { cause: error });
}
