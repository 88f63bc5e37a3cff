import { GafferdError } from "../errors.ts";
import { suggestion } from "../suggestion.ts";

/** Longer names get no suggestion: the comparison takes time proportional to the product of both lengths. */
const maxComparedCharacters = 32;

/** The `not_found` error for `name`, with the most similar of the existing `names` as a suggestion. */
export function notFound(noun: string, name: string, names: readonly string[]): GafferdError {
  const similar = name.length > maxComparedCharacters ? "" : suggestion(name, names);
  return new GafferdError("not_found", `there is no ${noun} \`${name}\`${similar}`);
}
