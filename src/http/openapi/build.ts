import { toOpenAPISchema, unwrapSchema } from "@elysiajs/openapi/openapi";
import { Elysia } from "elysia";
import type { RoutePattern } from "../operation/allow.ts";
import { headers, schemas } from "../operation/components.ts";
import { curlOf } from "./curl.ts";
import { describeDefaults } from "./defaults.ts";
import { daemonOperations } from "../daemon/daemon-operations.ts";
import { errorResponses, errorResponsesFor } from "../operation/errors.ts";
import { eventOperations } from "../watch/watch-operations.ts";
import { info, tags } from "./info.ts";
import { withHeadAndOptions } from "./head-options.ts";
import type { JsonSchema, OpenapiDocument, OperationObject, ParameterObject } from "../operation/openapi-document.ts";
import type { OperationDescription, OperationTable } from "../operation/operation.ts";
import type { Parameter } from "../operation/parameter.ts";
import { logOperations } from "../logs/log-operations.ts";
import { leaseOperations } from "../leases/lease-operations.ts";
import { metricsOperations } from "../metrics/metrics-operations.ts";
import { openapiOperations } from "./openapi-operations.ts";
import { pluginOperations } from "../plugins/plugin-operations.ts";
import { runOperations } from "../runs/run-operations.ts";
import { statsOperations } from "../stats/stats-operations.ts";
import { streamOperations } from "../streams/stream-operations.ts";
import { templateOperations } from "../processes/process-operations.ts";
import { actionOperations } from "../processes/action-operations.ts";
import { webhookOperations } from "../webhooks/webhook-operations.ts";

const operations: OperationTable = {
  ...templateOperations,
  ...actionOperations,
  ...streamOperations,
  ...logOperations,
  ...runOperations,
  ...eventOperations,
  ...leaseOperations,
  ...webhookOperations,
  ...statsOperations,
  ...daemonOperations,
  ...pluginOperations,
  ...metricsOperations,
  ...openapiOperations,
};

/** Routes without a description, such as `GET /processes/:id`. The document leaves them out. */
export function routesWithoutDescription(routes: readonly RoutePattern[]): string[] {
  return routes.map(keyOf).filter((key) => operations[key] === undefined);
}

/** Descriptions without a route. */
export function descriptionsWithoutRoute(routes: readonly RoutePattern[]): string[] {
  const known = new Set(routes.map(keyOf));
  return Object.keys(operations).filter((key) => !known.has(key));
}

/**
 * Builds the OpenAPI document of these routes, a route or a schema per step.
 *
 * `@elysiajs/openapi` generates paths and schemas from a separate app, which only holds the descriptions. Its plugin
 * would need the descriptions in the app that serves requests: Elysia would then keep them in memory, parse bodies and
 * validate responses. The plugin also loads 270 KB at start, and its page comes from a CDN. It drops query and header
 * parameters, and the descriptions and examples of path parameters; `withParameters` adds them again.
 */
export function* buildDocument(routes: readonly RoutePattern[], version: string): Generator<void, OpenapiDocument> {
  const catalogue = new Elysia();
  const parametersOf = new Map<string, OperationObject["parameters"]>();
  for (const { method, path } of routes) {
    const description = operations[keyOf({ method, path })];
    if (description === undefined) continue;
    const operation = toOperation(method, path, description);
    parametersOf.set(operation.operationId, operation.parameters);
    // Elysia has the types of OpenAPI 3.0.
    catalogue.route(method, path, () => {}, { detail: operation as object });
    yield;
  }
  const { paths } = toOpenAPISchema(catalogue, { staticFile: false });
  yield;
  const described: [string, JsonSchema][] = [];
  for (const [name, schema] of Object.entries(schemas)) {
    described.push([name, describeDefaults(unwrapSchema(schema as never) as JsonSchema)]);
    yield;
  }
  return {
    openapi: "3.1.2",
    info: { ...info, version },
    servers: [{ url: "/", description: "The gafferd that serves this document." }],
    tags,
    paths: withHeadAndOptions(withParameters(paths as unknown as OpenapiDocument["paths"], parametersOf)),
    components: {
      schemas: Object.fromEntries(described),
      responses: errorResponses,
      headers,
    },
  };
}

function withParameters(
  paths: OpenapiDocument["paths"],
  parametersOf: ReadonlyMap<string, OperationObject["parameters"]>,
): OpenapiDocument["paths"] {
  const complete = (operation: OperationObject): OperationObject => {
    const parameters = parametersOf.get(operation.operationId);
    return parameters === undefined ? operation : { ...operation, parameters };
  };
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [
      path,
      Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, complete(operation)])),
    ]),
  );
}

function toOperation(method: string, path: string, description: OperationDescription): OperationObject {
  const { id, tag, summary, body, answers, errors = [] } = description;
  const parameters = [
    ...(description.path ?? []).map((parameter) => toParameter(parameter, "path")),
    ...(description.query ?? []).map((parameter) => toParameter(parameter, "query")),
    ...(description.headers ?? []).map((parameter) => toParameter(parameter, "header")),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description.description === undefined ? {} : { description: description.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            description: body.description,
            content: { [body.type]: { schema: body.schema, example: body.example } },
          },
        }),
    responses: { ...answers, ...errorResponsesFor(errors) },
    "x-codeSamples": [{ lang: "Shell", source: curlOf(method, path, description) }],
  };
}

function toParameter(
  { name, description, schema, examples }: Parameter,
  place: ParameterObject["in"],
): ParameterObject {
  return {
    name,
    in: place,
    required: place === "path",
    description,
    schema,
    // Numeric keys would be moved to the front.
    examples: Object.fromEntries(
      examples.map((example, index) => [`example${index + 1}`, { value: toValue(example, schema) }]),
    ),
  };
}

/** The value of an example: its text, or a number or a boolean if the schema allows one. */
function toValue(example: string, { type, anyOf }: JsonSchema): unknown {
  const isJson = /^(true|false|-?\d+(\.\d+)?)$/.test(example);
  const mayBeText = type === "string" || (type === undefined && anyOf === undefined);
  return isJson && !mayBeText ? JSON.parse(example) : example;
}

function keyOf({ method, path }: RoutePattern): string {
  return `${method} ${path}`;
}
