import { expect, test } from "bun:test";
import { curlOf } from "../../../src/http/openapi/curl.ts";
import type { OperationDescription } from "../../../src/http/operation/operation.ts";
import { template } from "../../../src/http/operation/path-parameters.ts";

const operation = { id: "x", tag: "x", summary: "x", answers: {} } satisfies OperationDescription;
const body = { description: "", schema: {} };

test.each<[string, string, Partial<OperationDescription>, string]>([
  ["GET", "/ping", {}, "curl localhost:5000/ping"],
  ["HEAD", "/ping", {}, "curl -I localhost:5000/ping"],
  ["DELETE", "/processes/:id", { path: [template] }, "curl -X DELETE localhost:5000/processes/web:api"],
  ["POST", "/x", {}, "curl -X POST localhost:5000/x"],
  [
    "POST",
    "/x",
    { body: { ...body, type: "application/json", example: { cmd: "echo 'a'" } } },
    String.raw`curl -d '{"cmd":"echo '\''a'\''"}' localhost:5000/x`,
  ],
  [
    "PUT",
    "/x",
    { body: { ...body, type: "application/octet-stream", example: "hello" } },
    "curl -X PUT -d hello localhost:5000/x",
  ],
  ["GET", "/x", { curl: { options: "-N", query: "feed=eventsource" } }, "curl -N 'localhost:5000/x?feed=eventsource'"],
])("%s %s with %j is a command", (method, path, more, command) => {
  expect(curlOf(method, path, { ...operation, ...more })).toBe(command);
});
