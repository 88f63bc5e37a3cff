import type { JsonSchema } from "../operation/openapi-document.ts";

/**
 * A schema whose properties tell their defaults in their descriptions. With the keyword `default`, `openapi-typescript`
 * takes a property for one that is always there, and would have whoever sends a template give all of it.
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
