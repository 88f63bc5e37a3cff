import type { ErrorCode } from "../../errors.ts";
import type { Parameter } from "./parameter.ts";
import type { SchemaName } from "./components.ts";
import type { JsonSchema, MediaTypeObject, ResponseObject } from "./openapi-document.ts";

/** What the document says of one route. */
export interface OperationDescription {
  /** Unique; a verb and what it acts on. */
  readonly id: string;
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** One for each part of the path that has a colon. */
  readonly path?: readonly Parameter[];
  readonly query?: readonly Parameter[];
  readonly headers?: readonly Parameter[];
  readonly body?: BodyDescription;
  /** What it answers when it does not fail, by status. */
  readonly answers: Readonly<Record<number, ResponseObject>>;
  /** Besides those that all operations have. */
  readonly errors?: readonly ErrorCode[];
  /** What an example of `curl` has beyond method, path and body. */
  readonly curl?: { readonly options?: string; readonly query?: string };
}

export interface BodyDescription {
  readonly description: string;
  readonly type: "application/json" | "application/octet-stream";
  readonly schema: JsonSchema;
  readonly example: unknown;
}

/** By method and path as the route has them: `GET /processes/:id`. */
export type OperationTable = Readonly<Record<string, OperationDescription>>;

export const ref = (name: SchemaName): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An answer of JSON with status 200. */
export function json(description: string, schema: JsonSchema, example?: unknown): Record<200, ResponseObject> {
  return { 200: { description, content: { "application/json": media(schema, example) } } };
}

/** An answer of text of this type with status 200. */
export function text(description: string, type: string, example?: string): Record<200, ResponseObject> {
  return { 200: { description, content: { [type]: media({ type: "string" }, example) } } };
}

export function media(schema: JsonSchema, example?: unknown): MediaTypeObject {
  return { schema, ...(example === undefined ? {} : { example }) };
}

/** `{"ok":true}` and more members, in their order in `example`. */
export function ok(
  description: string,
  more: Readonly<Record<string, JsonSchema>> = {},
  example: Readonly<Record<string, unknown>> = {},
): Record<200, ResponseObject> {
  const properties = { ok: { const: true }, ...more };
  const schema = { type: "object", required: Object.keys(properties), properties };
  return json(description, schema, { ok: true, ...example });
}
