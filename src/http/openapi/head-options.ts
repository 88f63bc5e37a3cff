import { errorResponsesFor } from "../operation/errors.ts";
import { headOptionsTag } from "./info.ts";
import type { OpenapiDocument, OperationObject, Reference, ResponseObject } from "../operation/openapi-document.ts";

/** Adds the operations `HEAD` and `OPTIONS` to each path. */
export function withHeadAndOptions(paths: OpenapiDocument["paths"]): OpenapiDocument["paths"] {
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => {
      const [first] = Object.values(methods);
      const headAndOptions = first && { head: headOf(path, first, methods["get"]), options: optionsOf(first) };
      return [path, { ...methods, ...headAndOptions }];
    }),
  );
}

const allowed = (description: string): ResponseObject => ({
  description,
  headers: { Allow: { $ref: "#/components/headers/Allow" } },
});

function headOf(path: string, first: OperationObject, get: OperationObject | undefined): OperationObject {
  const { parameters = [] } = get ?? first;
  // A WebSocket route rejects `HEAD` before it reads the query.
  const isAsked = get !== undefined && !("101" in get.responses);
  const taken = parameters.filter(({ name, in: place }) => (place === "path" ? path.includes(`{${name}}`) : isAsked));
  return {
    operationId: `${first.operationId}Head`,
    tags: [headOptionsTag],
    summary: get === undefined ? "List the supported methods" : "Get the status and headers of `GET` immediately",
    ...(taken.length === 0 ? {} : { parameters: taken }),
    responses:
      get === undefined
        ? { 200: allowed("The path exists but does not support `GET`."), ...errorResponsesFor([]) }
        : Object.fromEntries(Object.entries(get.responses).filter(isOfHead).map(withoutBody)),
  };
}

function optionsOf({ operationId, parameters = [] }: OperationObject): OperationObject {
  const ofPath = parameters.filter((parameter) => parameter.in === "path");
  return {
    operationId: `${operationId}Options`,
    tags: [headOptionsTag],
    summary: "List the supported methods",
    ...(ofPath.length === 0 ? {} : { parameters: ofPath }),
    responses: {
      204: allowed(
        "The supported methods. For an origin listed in `cors_origins`, also CORS headers such as `Access-Control-Allow-Methods`.",
      ),
      ...errorResponsesFor([]),
    },
  };
}

/** `HEAD` never opens a WebSocket. */
function isOfHead([status]: [string, unknown]): boolean {
  return status !== "101";
}

function withoutBody([status, response]: [string, ResponseObject | Reference]): [string, ResponseObject | Reference] {
  if ("$ref" in response) return [status, response];
  const { content: _, ...rest } = response;
  return [status, rest];
}
