import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import type { JsonSchema, OpenapiDocument } from "../../../src/http/operation/openapi-document.ts";

/** Returns what is wrong with a value; undefined if it matches the schema and has no additional fields. */
export type SchemaCheck = (schema: JsonSchema, value: unknown) => string | undefined;

/**
 * Creates a check against schemas of the document. Ajv also rejects invalid schemas, and schemas with unknown keywords.
 */
export function createSchemaCheck({ components }: OpenapiDocument): SchemaCheck {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  addFormats.default(ajv);
  ajv.addKeyword("components");
  const closed = { schemas: close(components.schemas) };
  const known = new Map<string, ReturnType<typeof ajv.compile>>();
  return (schema, value) => {
    const text = JSON.stringify(schema);
    const validate = known.get(text) ?? ajv.compile({ ...(close(schema) as object), components: closed });
    known.set(text, validate);
    return validate(value) ? undefined : `${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`;
  };
}

/** Forbids undocumented fields. (The document allows them, because later versions may add fields.) */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== "object" || schema === null) return schema;
  // With `allOf`, other parts describe more fields of the same object.
  const entries = Object.entries(schema).map(([key, value]) => [key, key === "allOf" ? value : close(value)]);
  const inner = Object.fromEntries(entries) as Record<string, unknown>;
  return inner["type"] === "object" && "properties" in inner ? { additionalProperties: false, ...inner } : inner;
}
