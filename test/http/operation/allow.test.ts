import { expect, test } from "bun:test";
import { methodsOf } from "../../../src/http/operation/allow.ts";

const routes = [
  { method: "GET", path: "/" },
  { method: "GET", path: "/processes" },
  { method: "POST", path: "/processes" },
  { method: "GET", path: "/processes/:id" },
  { method: "POST", path: "/processes/:id/_stop" },
  { method: "GET", path: "/_plugin/*" },
];

test.each([
  ["/", ["GET", "HEAD", "OPTIONS"]],
  ["/processes", ["GET", "HEAD", "OPTIONS", "POST"]],
  ["/processes/", ["GET", "HEAD", "OPTIONS", "POST"]],
  ["/processes/a%2Fb", ["GET", "HEAD", "OPTIONS"]],
  ["/processes/a/_stop", ["OPTIONS", "POST"]],
  ["/processes/a/_stop/", ["OPTIONS", "POST"]],
  ["/_plugin/a/b/c", ["GET", "HEAD", "OPTIONS"]],
  ["/_plugin/", ["GET", "HEAD", "OPTIONS"]],
  ["/processes//", []],
  ["/processes//_stop", []],
  ["/processes/a/_stop/b", []],
  ["//processes", []],
  ["/process", []],
  ["", ["GET", "HEAD", "OPTIONS"]],
])("%s supports %j", (path, methods) => {
  expect(methodsOf(path, routes)).toEqual(methods);
});
