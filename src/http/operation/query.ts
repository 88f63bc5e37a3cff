import { GafferdError } from "../../errors.ts";

/** The value of a parameter, or the first of `allowed` if it is missing. Throws `bad_value`. */
export function oneOf<const T extends string>(query: URLSearchParams, name: string, allowed: readonly [T, ...T[]]): T {
  const text = query.get(name);
  if (text === null) return allowed[0];
  const value = allowed.find((each) => each === text);
  if (value !== undefined) return value;
  throw new GafferdError("bad_value", `\`${name}\` must be one of ${allowed.join(", ")}, not \`${text}\``, {
    field: name,
  });
}

/** Parses `true`, `1`, `false` or `0`; `fallback` if the parameter is missing. Throws `bad_value`. */
export function parseFlag(query: URLSearchParams, name: string, fallback: boolean): boolean {
  const text = query.get(name);
  if (text === null) return fallback;
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new GafferdError("bad_value", `\`${name}\` must be true or false, not \`${text}\``, { field: name });
}

/** Parses an integer from 0 to `Number.MAX_SAFE_INTEGER`. Throws `bad_value`. */
export function parseWhole(text: string, field: string): number {
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new GafferdError("bad_value", `\`${field}\` must be a whole number, not \`${text}\``, { field });
}
