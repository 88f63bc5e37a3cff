import { oneOf, parseFlag } from "./query.ts";

/**
 * A query parameter or a header. The route that reads it and the OpenAPI document share this definition, so that they
 * cannot differ.
 */
export interface Parameter {
  readonly name: string;
  /** What it does, and the behavior without it if the schema has no default. */
  readonly description: string;
  /** The JSON Schema of the value. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Valid values, the best example first. */
  readonly examples: readonly [string, ...string[]];
}

/** A parameter that can be parsed without context. */
export interface ReadableParameter<Value> extends Parameter {
  /** Throws `bad_value`. */
  read(query: URLSearchParams): Value;
}

/** A boolean parameter: `true`, `1`, `false` or `0`. */
export function flag(name: string, byDefault: boolean, description: string): ReadableParameter<boolean> {
  return {
    name,
    description,
    schema: { type: "boolean", default: byDefault },
    examples: [String(!byDefault), byDefault ? "0" : "1"],
    read: (query) => parseFlag(query, name, byDefault),
  };
}

/** A parameter that is one of `words`; the first is the default. */
export function choice<const Word extends string>(
  name: string,
  words: readonly [Word, ...Word[]],
  description: string,
): ReadableParameter<Word> {
  return {
    name,
    description,
    schema: { type: "string", enum: words, default: words[0] },
    examples: words,
    read: (query) => oneOf(query, name, words),
  };
}
