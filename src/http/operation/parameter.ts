import { oneOf, parseFlag } from "./query.ts";

/**
 * A query parameter or a header, said once: who reads it and who documents it (`openapi/`) take it from here, so that
 * neither can know another.
 */
export interface Parameter {
  readonly name: string;
  /** What it does, and what holds when it is not given if the schema has no default. */
  readonly description: string;
  /** JSON Schema of its value. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Texts that are taken, the most telling first. */
  readonly examples: readonly [string, ...string[]];
}

/** A parameter whose text alone says its value. */
export interface ReadableParameter<Value> extends Parameter {
  /** Throws `bad_value`. */
  read(query: URLSearchParams): Value;
}

/** `true`, `1`, `false` or `0`. */
export function flag(name: string, byDefault: boolean, description: string): ReadableParameter<boolean> {
  return {
    name,
    description,
    schema: { type: "boolean", default: byDefault },
    examples: [String(!byDefault), byDefault ? "0" : "1"],
    read: (query) => parseFlag(query, name, byDefault),
  };
}

/** One of some words; the first is the default. */
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
