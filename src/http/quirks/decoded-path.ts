import { GafferdError } from "../../errors.ts";

/** Throws `bad_value` for a path that cannot be decoded: Elysia 1.4.30 gives `null` for such a part of it, and no error. */
export function assertDecoded(params: Readonly<Record<string, string | null>> | undefined): void {
  for (const field in params) {
    if (params[field] !== null) continue;
    throw new GafferdError("bad_value", `the path's \`${field}\` must be UTF-8, percent-encoded where it must be`, {
      field,
    });
  }
}
