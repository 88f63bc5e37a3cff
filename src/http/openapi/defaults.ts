import type { JsonSchema } from "../operation/openapi-document.ts";

/**
 * Moves the defaults of properties into their descriptions: `openapi-typescript` (7.13) makes every property with the
 * keyword `default` required, even in requests.
 */
export function describeDefaults(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === "properties" ? describeProperties(value) : describeNested(value),
    ]),
  );
}

function describeProperties(properties: unknown): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties as Record<string, JsonSchema>).map(([name, { default: byDefault, ...property }]) => {
      if (byDefault === undefined) return [name, describeDefaults(property)];
      const sentences = [property["description"], `Default: \`${JSON.stringify(byDefault)}\`.`];
      return [name, describeDefaults({ ...property, description: sentences.filter((each) => each).join(" ") })];
    }),
  );
}

/** Schemas may be nested in a list, as in `anyOf`, or directly, as in `items`. */
function describeNested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(describeNested);
  return typeof value === "object" && value !== null ? describeDefaults(value as JsonSchema) : value;
}
