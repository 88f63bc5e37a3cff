import { methodsOf } from "../operation/allow.ts";
import { failuresOf } from "../operation/errors.ts";
import { mannersTag } from "./info.ts";
import type { OpenapiDocument, OperationObject, Reference, ResponseObject } from "../operation/openapi-document.ts";

/** By method in lower case. */
type Methods = Readonly<Record<string, OperationObject>>;

/** The operations of each path with its `HEAD` and `OPTIONS`. */
export function withManners(paths: OpenapiDocument["paths"]): OpenapiDocument["paths"] {
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => {
      const [first] = Object.values(methods);
      const manners = first && { head: headOf(path, first, getOf(path, paths)), options: optionsOf(first) };
      return [path, { ...methods, ...manners }];
    }),
  );
}

/** What answers a `GET` of this path; it may be that of a pattern, as for `/streams/{target}/stdin`. */
function getOf(path: string, paths: Readonly<Record<string, Methods>>): OperationObject | undefined {
  const own = paths[path]?.["get"];
  if (own !== undefined) return own;
  const [, matching] =
    Object.entries(paths).find(([pattern, { get }]) => {
      const route = { method: "GET", path: pattern.replaceAll(/\{(\w+)\}/g, ":$1") };
      return get !== undefined && methodsOf(path, [route]).length > 0;
    }) ?? [];
  return matching?.["get"];
}

const allowed = (description: string): ResponseObject => ({
  description,
  headers: { Allow: { $ref: "#/components/headers/Allow" } },
});

function headOf(path: string, first: OperationObject, get: OperationObject | undefined): OperationObject {
  const { parameters = [] } = get ?? first;
  // What only becomes a WebSocket has refused before it reads the query.
  const isAsked = get !== undefined && !("101" in get.responses);
  const taken = parameters.filter(({ name, in: place }) => (place === "path" ? path.includes(`{${name}}`) : isAsked));
  return {
    operationId: `${first.operationId}Head`,
    tags: [mannersTag],
    summary: get === undefined ? "Says what the path takes" : "The status and the headers of GET, at once",
    ...(taken.length === 0 ? {} : { parameters: taken }),
    responses:
      get === undefined
        ? { 200: allowed("The path is known, and has no `GET`."), ...failuresOf([]) }
        : Object.fromEntries(Object.entries(get.responses).filter(isOfHead).map(withoutBody)),
  };
}

function optionsOf({ operationId, parameters = [] }: OperationObject): OperationObject {
  const ofPath = parameters.filter((parameter) => parameter.in === "path");
  return {
    operationId: `${operationId}Options`,
    tags: [mannersTag],
    summary: "Says what the path takes",
    ...(ofPath.length === 0 ? {} : { parameters: ofPath }),
    responses: {
      204: allowed("With `Access-Control-Allow-Methods` and its like for a page of one of `cors_origins`."),
      ...failuresOf([]),
    },
  };
}

/** No `HEAD` becomes a WebSocket. */
function isOfHead([status]: [string, unknown]): boolean {
  return status !== "101";
}

function withoutBody([status, response]: [string, ResponseObject | Reference]): [string, ResponseObject | Reference] {
  if ("$ref" in response) return [status, response];
  const { content: _, ...rest } = response;
  return [status, rest];
}
