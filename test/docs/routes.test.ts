import { expect, test } from "bun:test";
import { createClient } from "../../src/client/client.ts";
import { buildDocument } from "../../src/http/openapi/build.ts";
import { finishNow } from "../../src/slices.ts";
import { operationsOf } from "../http/openapi/described.ts";
import { createService } from "../http/service.ts";
import { codesOf, codesOfFirstColumn, manualPages, readPage } from "./page.ts";

const { app } = createService();
const operations = operationsOf(finishNow(buildDocument(app.routes, "1.2.3")))
  .filter(({ method }) => method !== "HEAD" && method !== "OPTIONS")
  .map(({ method, path }) => nameless(`${method} ${path}`));

test("the page on the HTTP API has every route", () => {
  const told = new Set(routesOf("docs/http-api.md"));
  // Of a signal that is missing, the page on errors tells.
  const shown = operations.filter((operation) => operation !== "POST /processes/{}/_signal");
  expect(shown.filter((operation) => !told.has(operation))).toEqual([]);
});

test("every route in a table of the manual is one of the program's", () => {
  const known = new Set(operations);
  const unknown = manualPages.flatMap((page) => routesOf(page).filter((route) => !known.has(route)));
  expect(unknown).toEqual([]);
});

test("the page on the client has every method and no other", () => {
  const told = codesOfFirstColumn(readPage("docs/client.md")).map((code) => code.replace(/\(.*$/, ""));
  expect(told.toSorted()).toEqual(Object.keys(createClient("http://localhost:5000")).toSorted());
});

/** `GET /status/{}`: the routes in the first column of a page's tables, without queries and names of parameters. */
function routesOf(page: string): string[] {
  const rows = readPage(page)
    .split("\n")
    .filter((line) => /^\| `[A-Z]+ \//.test(line));
  return rows.flatMap((row) => codesOf(row.split(" | ")[0] ?? "").map((code) => nameless(code.replace(/\?.*$/, ""))));
}

/** The two names of a target, `:name` and `:pid`, are one route. */
function nameless(route: string): string {
  return route.replaceAll(/:\w+|\{\w+\}/g, "{}");
}
