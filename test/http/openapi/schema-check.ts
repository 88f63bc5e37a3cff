import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import type { JsonSchema, OpenapiDocument } from "../../../src/http/operation/openapi-document.ts";

/** Says what is wrong with a value; undefined when it is what the schema says, and no member is more. */
export type SchemaCheck = (schema: JsonSchema, value: unknown) => string | undefined;

/**
 * A check against schemas that stand in the document or refer to it. Ajv also refuses a schema that is none, and one
 * with keywords that it does not know.
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

/** Clients are to bear members that a later version adds; this version is to have none that it does not describe. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== "object" || schema === null) return schema;
  // What is said of the same object elsewhere has members that this part does not name.
  const entries = Object.entries(schema).map(([key, value]) => [key, key === "allOf" ? value : close(value)]);
  const inner = Object.fromEntries(entries) as Record<string, unknown>;
  return inner["type"] === "object" && "properties" in inner ? { additionalProperties: false, ...inner } : inner;
}
