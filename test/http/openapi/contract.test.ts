import { describe, expect, test } from "bun:test";
import { statusByCode } from "../../../src/http/operation/error.ts";
import { buildDocument } from "../../../src/http/openapi/build.ts";
import { finishNow } from "../../../src/slices.ts";
import type { JsonSchema, OpenapiDocument, ResponseObject } from "../../../src/http/operation/openapi-document.ts";
import { createService } from "../service.ts";
import { contractCodes, contractRows, ownOperations, ownCodes, ownParameters, pluginPath } from "./contract-rows.ts";
import { codesOf, type Described, operationsOf, resolve, responsesOf } from "./described.ts";

const service = createService();
const { app } = service;
const document = JSON.parse(JSON.stringify(finishNow(buildDocument(app.routes, "1.2.3")))) as OpenapiDocument;

/** Operations that need a row: all except `HEAD` and `OPTIONS`. Without the names of path parameters. */
const operations = new Map(
  operationsOf(document)
    .filter(({ method }) => method !== "HEAD" && method !== "OPTIONS")
    .map((described) => [nameless(described.key), described]),
);
const asked = new Set(
  [...contractRows.flatMap(({ requests }) => requests), ...Object.keys(ownOperations)].map(nameless),
);

/** `GET /processes/{}` for `GET /processes/{id}` and `GET /processes/:id`. */
function nameless(key: string): string {
  return key.replaceAll(/\{\w+\}|:\w+/g, "{}");
}

function operationOf(ask: string): Described {
  const described = operations.get(nameless(ask));
  if (described === undefined) throw new Error(`the document has no ${ask}`);
  return described;
}

const rowsOf = (key: string) => contractRows.filter(({ requests }) => requests.map(nameless).includes(key));

function parametersOf({ operation }: Described, place: "query" | "header"): string[] {
  return (operation.parameters ?? []).filter((parameter) => parameter.in === place).map(({ name }) => name);
}

/** Names of fields, nested fields after a dot; includes the fields of array items and alternatives. */
function membersOf(schema: JsonSchema, within: readonly string[] = []): string[] {
  const { $ref } = schema as { $ref?: string };
  if ($ref !== undefined) {
    return within.includes($ref) ? [] : membersOf(resolve<JsonSchema>(document, { $ref }), [...within, $ref]);
  }
  const {
    properties = {},
    items,
    anyOf = [],
    allOf = [],
  } = schema as {
    properties?: Record<string, JsonSchema>;
    items?: JsonSchema;
    anyOf?: JsonSchema[];
    allOf?: JsonSchema[];
  };
  return [
    ...Object.entries(properties).flatMap(([name, member]) => [
      name,
      ...membersOf(member, within).map((inner) => `${name}.${inner}`),
    ]),
    ...[...anyOf, ...allOf, ...(items === undefined ? [] : [items])].flatMap((part) => membersOf(part, within)),
  ];
}

const missing = (promised: readonly string[] = [], described: readonly string[]) =>
  promised.filter((each) => !described.includes(each));
const isPlugin = (key: string) => key.includes(` ${pluginPath}`);
const answerOf = (described: Described) => responsesOf(document, described).get(200);
const jsonOf = (answer: ResponseObject | undefined) => answer?.content?.["application/json"]?.schema ?? {};

describe("the document describes each row of the contract", () => {
  test.each(contractRows.map((each) => [each.row, each] as const))("%s", (_, row) => {
    for (const ask of row.requests) {
      const described = operationOf(ask);
      const answer = answerOf(described);
      const codes = [...responsesOf(document, described).values()].flatMap(codesOf);
      expect(missing(row.codes, codes)).toEqual([]);
      expect(missing(row.query, parametersOf(described, "query"))).toEqual([]);
      expect(missing(row.headers, parametersOf(described, "header"))).toEqual([]);
      expect(missing(row.answerHeaders, Object.keys(answer?.headers ?? {}))).toEqual([]);
      expect(missing(row.members, membersOf(jsonOf(answer)))).toEqual([]);
    }
  });
});

describe("the document has nothing that no row has", () => {
  test("except for listed additions", () => {
    const routed = app.routes.map(({ method, path }) => nameless(`${method} ${path}`));
    for (const key of [...operations.keys(), ...routed]) {
      if (asked.has(key) || isPlugin(key)) continue;
      throw new Error(
        `${key} is in no row of contract-rows.ts; if it is ours, add it to \`ownOperations\` with the reason`,
      );
    }
    expect([...asked].filter((ask) => !routed.includes(ask))).toEqual([]);
  });

  test.each([...operations])("%s has no other parameters", (key, described) => {
    const own = Object.entries(ownParameters).find(([ask]) => nameless(ask) === key)?.[1] ?? {};
    const rows = rowsOf(key).flatMap(({ query = [], headers = [] }) => [...query, ...headers]);
    const parameters = [...parametersOf(described, "query"), ...parametersOf(described, "header")];
    expect(parameters.toSorted()).toEqual([...new Set([...rows, ...Object.keys(own)])].toSorted());
  });
});

describe("error codes", () => {
  test("are those of the contract, with their status, plus listed additions", () => {
    expect(statusByCode).toMatchObject(contractCodes);
    expect(Object.keys(statusByCode).toSorted()).toEqual(
      [...Object.keys(contractCodes), ...Object.keys(ownCodes)].toSorted(),
    );
  });

  test("of the contract are documented for an operation, except those that no path returns", () => {
    const answered = new Set(
      [...operations.values()].flatMap((each) => [...responsesOf(document, each).values()].flatMap(codesOf)),
    );
    const unanswered = Object.keys(contractCodes).filter((code) => !answered.has(code));
    // `unauthorized` may occur on any path of a protected endpoint; `resource_not_found` only on unknown paths.
    expect(unanswered.filter((code) => code !== "unauthorized")).toEqual(["resource_not_found"]);
  });
});

describe("HEAD and OPTIONS", () => {
  const methodsOf = Map.groupBy(operations.values(), ({ path }) => nameless(path));

  test.each([...methodsOf.keys()])(
    "%s supports HEAD and OPTIONS, and rejects unsupported methods with `Allow`",
    async (path) => {
      const own = methodsOf.get(path)?.map(({ method }) => method) ?? [];
      const allow = [...new Set([...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].toSorted().join(", ");
      const place = path.replaceAll("{}", "x");
      const options = await service.ask("OPTIONS", place);
      expect([options.status, options.headers.get("allow"), options.body]).toEqual([204, allow, ""]);
      for (const method of ["GET", "PUT", "PATCH", "DELETE", "POST"]) {
        if (allow.includes(method)) continue;
        const refused = await service.ask(method, place);
        expect([method, refused.status, refused.headers.get("allow")]).toEqual([method, 405, allow]);
        expect(refused.body).toEqual({ error: "method_not_allowed", message: expect.any(String) });
      }
      const head = await service.ask("HEAD", place);
      expect([head.body, head.status === 405]).toEqual(["", false]);
    },
  );

  test("an unknown path is 404 resource_not_found for every method", async () => {
    for (const method of ["GET", "POST", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, body } = await service.ask(method, "/processes/a/b/c/d");
      expect([method, status, body]).toMatchObject([method, 404, { error: "resource_not_found" }]);
    }
  });
});
