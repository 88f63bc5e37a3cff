import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { errorCodes } from "../../../src/errors.ts";
import { statusByCode } from "../../../src/http/operation/error.ts";
import { buildDocument, routesWithoutDescription, descriptionsWithoutRoute } from "../../../src/http/openapi/build.ts";
import { finishNow } from "../../../src/slices.ts";
import type { JsonSchema, OpenapiDocument } from "../../../src/http/operation/openapi-document.ts";
import { templateSchema } from "../../../src/template/properties.ts";
import { createService } from "../service.ts";
import { codesOf, operationsOf, resolve, responsesOf } from "./described.ts";
import { createSchemaCheck } from "./schema-check.ts";

const { app } = createService();
// As clients get it: without symbols and undefined values.
const document = JSON.parse(JSON.stringify(finishNow(buildDocument(app.routes, "1.2.3")))) as OpenapiDocument;
const operations = operationsOf(document);
const check = createSchemaCheck(document);

test("the document is valid against the OpenAPI 3.1 schema of the OpenAPI Initiative", async () => {
  const validator = new Validator();
  expect(await validator.validate({ ...structuredClone(document) })).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test("the validator rejects an invalid document", async () => {
  const broken = { ...structuredClone(document), paths: { "/": { get: { responses: "none" } } } };
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

describe("routes and descriptions", () => {
  test("every route of the app has a description", () => {
    for (const route of routesWithoutDescription(app.routes)) {
      throw new Error(`${route} has no description: add it to a table of src/http/openapi/*-operations.ts`);
    }
  });

  test("every description has a route in the app", () => {
    for (const route of descriptionsWithoutRoute(app.routes)) {
      throw new Error(`${route} is described in src/http/openapi/*-operations.ts, but the app has no such route`);
    }
  });

  test("are the operations of the document, plus HEAD and OPTIONS for each path", () => {
    const routes = app.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const headAndOptions = Object.keys(document.paths).flatMap((path) => [`HEAD ${path}`, `OPTIONS ${path}`]);
    expect(operations.map(({ key }) => key).toSorted()).toEqual([...routes, ...headAndOptions].toSorted());
  });

  test("a route without a description is reported, and left out of the document", () => {
    const routes = [...app.routes, { method: "GET", path: "/new/:id" }];
    expect(routesWithoutDescription(routes)).toEqual(["GET /new/:id"]);
    expect(descriptionsWithoutRoute(routes.slice(1))).toEqual([`${routes[0]?.method} ${routes[0]?.path}`]);
    expect(Object.keys(finishNow(buildDocument(routes, "1")).paths)).not.toContain("/new/{id}");
  });
});

test("operations have unique ids, and tags that the document describes", () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = new Set(document.tags.map(({ name }) => name));
  for (const { key, operation } of operations)
    expect([key, operation.tags.every((tag) => tags.has(tag))]).toEqual([key, true]);
});

test.each(operations.map((each) => [each.key, each] as const))(
  "%s has each path parameter exactly once",
  (_, { path, operation }) => {
    const parameters = operation.parameters ?? [];
    const ofPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
    expect(ofPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""));
    const places = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    expect(new Set(places).size).toBe(places.length);
  },
);

test("every reference has a target", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, $ref = ""]) => $ref);
  expect(references.length).toBeGreaterThan(100);
  for (const $ref of new Set(references)) expect(resolve(document, { $ref })).toBeObject();
});

test("every example matches its schema", () => {
  for (const { key, operation } of operations) {
    for (const { name, schema, examples } of operation.parameters ?? []) {
      expect(Object.keys(examples).length).toBeGreaterThan(0);
      for (const { value } of Object.values(examples)) {
        // Boolean parameters also accept 1 and 0.
        if (schema["type"] === "boolean" && (value === 1 || value === 0)) continue;
        expect([key, name, check(schema, value)]).toEqual([key, name, undefined]);
      }
    }
    const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((each) =>
      each !== undefined && "content" in each ? Object.entries(each.content ?? {}) : [],
    );
    for (const [type, { schema, example }] of contents) {
      if (example !== undefined) expect([key, type, check(schema, example)]).toEqual([key, type, undefined]);
    }
  }
});

describe("errors", () => {
  test.each([...errorCodes])("%s is in the list of codes, with its status, and has its own response", (code) => {
    const { oneOf } = (
      document.components.schemas["Error"] as {
        properties: { error: { oneOf: { const: string; description: string }[] } };
      }
    ).properties.error;
    expect(oneOf.find((each) => each.const === code)?.description).toStartWith(`${statusByCode[code]}: `);
    const responses = Object.values(document.components.responses);
    expect(responses.filter((response) => codesOf(response).includes(code))).toHaveLength(1);
  });

  test("are documented under their status", () => {
    for (const each of operations) {
      for (const [status, response] of responsesOf(document, each)) {
        for (const code of codesOf(response))
          expect([each.key, status]).toEqual([each.key, statusByCode[code as keyof typeof statusByCode]]);
      }
    }
  });
});

describe("a property with a default", () => {
  test("has it in its description, and not in the keyword that makes generators require the property", () => {
    const properties: [string, JsonSchema][] = [];
    const collect = (schema: unknown): void => {
      if (typeof schema !== "object" || schema === null) return;
      const { properties: own = {} } = schema as { properties?: Record<string, JsonSchema> };
      properties.push(...Object.entries(own));
      for (const value of Object.values(schema)) collect(value);
    };
    collect(document.components.schemas);
    for (const { operation } of operations) collect([operation.requestBody, operation.responses]);
    expect(properties.length).toBeGreaterThan(100);
    expect(properties.filter(([, property]) => "default" in property)).toEqual([]);
    const { ProcessTemplate } = document.components.schemas as Record<
      string,
      { properties: Record<string, JsonSchema> }
    >;
    for (const [name, { default: byDefault }] of Object.entries(templateSchema.properties)) {
      if (byDefault === undefined) continue;
      const description = ProcessTemplate?.properties[name]?.["description"];
      expect(description).toEndWith(`Default: \`${JSON.stringify(byDefault)}\`.`);
    }
  });
});
