import { toOpenAPISchema, unwrapSchema } from "@elysiajs/openapi/openapi";
import { Elysia } from "elysia";
import type { RoutePattern } from "../operation/allow.ts";
import { headers, schemas } from "../operation/components.ts";
import { curlOf } from "./curl.ts";
import { describeDefaults } from "./defaults.ts";
import { daemonOperations } from "../daemon/daemon-operations.ts";
import { errorResponses, failuresOf } from "../operation/errors.ts";
import { eventOperations } from "../watch/watch-operations.ts";
import { info, tags } from "./info.ts";
import { withManners } from "./manners.ts";
import type { JsonSchema, OpenapiDocument, OperationObject, ParameterObject } from "../operation/openapi-document.ts";
import type { OperationDescription, OperationTable } from "../operation/operation.ts";
import type { Parameter } from "../operation/parameter.ts";
import { metricsOperations } from "../metrics/metrics-operations.ts";
import { openapiOperations } from "./openapi-operations.ts";
import { pluginOperations } from "../plugins/plugin-operations.ts";
import { statsOperations } from "../stats/stats-operations.ts";
import { streamOperations } from "../streams/stream-operations.ts";
import { templateOperations } from "../processes/process-operations.ts";
import { verbOperations } from "../processes/verb-operations.ts";
import { webhookOperations } from "../webhooks/webhook-operations.ts";

const operations: OperationTable = {
  ...templateOperations,
  ...verbOperations,
  ...streamOperations,
  ...eventOperations,
  ...webhookOperations,
  ...statsOperations,
  ...daemonOperations,
  ...pluginOperations,
  ...metricsOperations,
  ...openapiOperations,
};

/** Routes, such as `GET /processes/:id`, that no description tells of; they are not in the document. */
export function undescribed(routes: readonly RoutePattern[]): string[] {
  return routes.map(keyOf).filter((key) => operations[key] === undefined);
}

/** Descriptions whose route is not among these. */
export function unrouted(routes: readonly RoutePattern[]): string[] {
  const known = new Set(routes.map(keyOf));
  return Object.keys(operations).filter((key) => !known.has(key));
}

/**
 * The OpenAPI document of these routes.
 *
 * `@elysiajs/openapi` makes paths and schemas of it, from an app that has the descriptions and answers nobody: its
 * plugin would want them in the app that answers, where Elysia would hold them in memory, read bodies and check answers;
 * it loads 270 KB at start, and its page comes from a CDN. What it leaves out is put back: the descriptions and examples
 * of parameters, of which it writes those of the path alone, without either.
 */
export function buildDocument(routes: readonly RoutePattern[], version: string): OpenapiDocument {
  const catalogue = new Elysia();
  const described = routes.flatMap(({ method, path }) => {
    const description = operations[keyOf({ method, path })];
    return description === undefined ? [] : [{ method, path, operation: toOperation(method, path, description) }];
  });
  for (const { method, path, operation } of described) {
    // What Elysia knows of OpenAPI's types is version 3.0.
    catalogue.route(method, path, () => {}, { detail: operation as object });
  }
  const { paths } = toOpenAPISchema(catalogue, { staticFile: false });
  const parametersOf = new Map(described.map(({ operation }) => [operation.operationId, operation.parameters]));
  return {
    openapi: "3.1.2",
    info: { ...info, version },
    servers: [{ url: "/", description: "The daemon that answered." }],
    tags,
    paths: withManners(withParameters(paths as unknown as OpenapiDocument["paths"], parametersOf)),
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [
          name,
          describeDefaults(unwrapSchema(schema as never) as JsonSchema),
        ]),
      ),
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
    responses: { ...answers, ...failuresOf(errors) },
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
    // Names that are numbers would come first, whatever their place.
    examples: Object.fromEntries(
      examples.map((example, index) => [`example${index + 1}`, { value: toValue(example, schema) }]),
    ),
  };
}

/** What an example's text stands for: a text itself, unless the schema has numbers or flags. */
function toValue(example: string, { type, anyOf }: JsonSchema): unknown {
  const isJson = /^(true|false|-?\d+(\.\d+)?)$/.test(example);
  const mayBeText = type === "string" || (type === undefined && anyOf === undefined);
  return isJson && !mayBeText ? JSON.parse(example) : example;
}

function keyOf({ method, path }: RoutePattern): string {
  return `${method} ${path}`;
}
