import type { ErrorCode } from "../../errors.ts";
import type { Parameter } from "./parameter.ts";
import type { SchemaName } from "./components.ts";
import type { JsonSchema, MediaTypeObject, ResponseObject } from "./openapi-document.ts";

/** The description of a route in the OpenAPI document. */
export interface OperationDescription {
  /** The unique operation ID: a verb and its object. */
  readonly id: string;
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** One for each `:parameter` of the path. */
  readonly path?: readonly Parameter[];
  readonly query?: readonly Parameter[];
  readonly headers?: readonly Parameter[];
  readonly body?: BodyDescription;
  /** The successful responses, by status. */
  readonly answers: Readonly<Record<number, ResponseObject>>;
  /** In addition to the errors of all operations. */
  readonly errors?: readonly ErrorCode[];
  /** Options and query of the `curl` example, besides method, path and body. */
  readonly curl?: { readonly options?: string; readonly query?: string };
}

export interface BodyDescription {
  readonly description: string;
  readonly type: "application/json" | "application/octet-stream";
  readonly schema: JsonSchema;
  readonly example: unknown;
}

/** By method and path of the route: `GET /processes/:id`. */
export type OperationTable = Readonly<Record<string, OperationDescription>>;

export const ref = (name: SchemaName): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** A JSON response with status 200. */
export function json(description: string, schema: JsonSchema, example?: unknown): Record<200, ResponseObject> {
  return { 200: { description, content: { "application/json": media(schema, example) } } };
}

/** A text response of this content type with status 200. */
export function text(description: string, type: string, example?: string): Record<200, ResponseObject> {
  return { 200: { description, content: { [type]: media({ type: "string" }, example) } } };
}

export function media(schema: JsonSchema, example?: unknown): MediaTypeObject {
  return { schema, ...(example === undefined ? {} : { example }) };
}

/** The response `{"ok":true}` with more fields, in the order of `example`. */
export function ok(
  description: string,
  more: Readonly<Record<string, JsonSchema>> = {},
  example: Readonly<Record<string, unknown>> = {},
): Record<200, ResponseObject> {
  const properties = { ok: { const: true }, ...more };
  const schema = { type: "object", required: Object.keys(properties), properties };
  return json(description, schema, { ok: true, ...example });
}

/** Like `ok`, for a change of templates that is kept on disk. */
export function okSaved(...args: Parameters<typeof ok>): Record<200, ResponseObject> {
  const [description, more = {}, example] = args;
  const properties = { ok: { const: true }, ...more };
  const persisted = {
    const: false,
    description:
      "Present if the change is in effect but could not be written to disk, so that it is lost if gafferd ends now. gafferd tries again every 5 s.",
  };
  const schema = { type: "object", required: Object.keys(properties), properties: { ...properties, persisted } };
  return json(description, schema, { ok: true, ...example });
}
