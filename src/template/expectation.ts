import { Kind, type TSchema } from "@sinclair/typebox";

/** The expected value of a schema, in words that follow "must be": `"a whole number from 0 to 10000"`. */
export function expectationOf(schema: TSchema): string {
  if (schema.title !== undefined) return schema.title;
  switch (schema[Kind]) {
    case "String":
      return schema["minLength"] ? "a non-empty string" : "a string";
    case "Boolean":
      return "true or false";
    case "Integer":
      return `a whole number${rangeOf(schema)}`;
    case "Literal":
      return JSON.stringify(schema["const"]);
    case "Union":
      return (schema["anyOf"] as TSchema[])
        .filter((variant) => variant[Kind] !== "Null")
        .map(expectationOf)
        .join(" or ");
    default:
      return "an object";
  }
}

/** A value for a message: JSON, truncated if it is long. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function rangeOf(schema: TSchema): string {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) return "";
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? `, ${minimum} or more`
    : ` from ${minimum} to ${maximum}`;
}
