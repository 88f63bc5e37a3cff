import type { JsonSchema } from "../operation/openapi-document.ts";

/**
 * Moves the defaults of properties into their descriptions. `openapi-typescript` (7.13) makes every property with the
 * keyword `default` required, in requests too.
 */
export function describeDefaults(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === "properties" ? ofProperties(value) : within(value)]),
  );
}

function ofProperties(properties: unknown): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties as Record<string, JsonSchema>).map(([name, { default: byDefault, ...property }]) => {
      if (byDefault === undefined) return [name, describeDefaults(property)];
      const told = [property["description"], `Default: \`${JSON.stringify(byDefault)}\`.`];
      return [name, describeDefaults({ ...property, description: told.filter((each) => each).join(" ") })];
    }),
  );
}

/** Schemas may stand in lists, as in `anyOf`, and by themselves, as in `items`. */
function within(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(within);
  return typeof value === "object" && value !== null ? describeDefaults(value as JsonSchema) : value;
}
