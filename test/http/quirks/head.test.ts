import { expect, test } from "bun:test";
import { answerHead } from "../../../src/http/quirks/head.ts";

const head = new Request("http://localhost/streams/1", { method: "HEAD" });

const refuse = () => Response.json({ error: "method_not_allowed" }, { status: 405, headers: { allow: "POST" } });

test("HEAD has the status and headers of GET, and cancels a body that does not end", async () => {
  let isCancelled = false;
  const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const response = await answerHead(
    head,
    ({ method }) => new Response(body, { status: 203, headers: { "x-a": method } }),
  );
  expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([203, "GET", ""]);
  expect(isCancelled).toBe(true);
});

test("the GET is aborted from the start, so that a longpoll does not wait", async () => {
  const response = await answerHead(head, ({ signal }) => new Response(null, { status: signal.aborted ? 200 : 500 }));
  expect(response.status).toBe(200);
});

test("a path without GET is answered with the methods that it allows", async () => {
  const response = await answerHead(head, refuse);
  expect([response.status, response.headers.get("allow"), response.headers.get("content-type")]).toEqual([
    200,
    "POST",
    null,
  ]);
});
