import { GafferdError } from "../../errors.ts";

/** Throws `bad_value` if the path cannot be decoded: Elysia 1.4.30 sets such a parameter to `null` without an error. */
export function assertDecoded(params: Readonly<Record<string, string | null>> | undefined): void {
  for (const field in params) {
    if (params[field] !== null) continue;
    throw new GafferdError(
      "bad_value",
      `\`${field}\` in the path is not valid percent-encoded UTF-8; check its % sequences`,
      {
        field,
      },
    );
  }
}
