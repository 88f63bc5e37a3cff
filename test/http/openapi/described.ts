import type {
  OpenapiDocument,
  OperationObject,
  Reference,
  ResponseObject,
} from "../../../src/http/operation/openapi-document.ts";

/** An operation of the document, with resolved references. */
export interface Described {
  /** `GET /processes/{id}`. */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

export async function fetchDocument(url: string): Promise<OpenapiDocument> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as OpenapiDocument;
}

export function operationsOf({ paths }: OpenapiDocument): Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      return { key: `${method} ${path}`, method, path, operation };
    }),
  );
}

/** Resolves a reference to the document; returns other values unchanged. */
export function resolve<Value extends object>(document: OpenapiDocument, value: Value | Reference): Value {
  if (!("$ref" in value)) return value;
  const found = value.$ref
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((place, part) => (place as Record<string, unknown> | undefined)?.[part], document);
  if (found === undefined) throw new Error(`the document has no ${value.$ref}`);
  return found as Value;
}

/** The responses of an operation, by status. */
export function responsesOf(document: OpenapiDocument, { operation }: Described): Map<number, ResponseObject> {
  return new Map(
    Object.entries(operation.responses).map(([status, response]) => [
      Number(status),
      resolve<ResponseObject>(document, response),
    ]),
  );
}

/** The error codes that the schema of an error response lists. */
export function codesOf({ content }: ResponseObject): string[] {
  const parts = content?.["application/json"]?.schema["allOf"];
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: { properties?: { error?: { enum?: string[] } } }) => part.properties?.error?.enum ?? []);
}
