import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitFor } from "../wait-for.ts";
import { source, type Started, startWith } from "./starting.ts";

const index = `
  import { Elysia, sse, t } from "elysia";
  import { GafferdError } from "gafferd";
  ${source("web", {
    start: "globalThis.cancelled = 0;",
    more: `
      routes() {
        return new Elysia()
          .get("/", () => "root")
          .get("/json", ({ query }) => ({ query }))
          .post("/echo", ({ body }) => body)
          .put("/items/:id", ({ params, set }) => { set.status = 201; return params; })
          .delete("/items/:id", ({ status }) => status(409, { error: "conflict", message: "in use" }))
          .route("PROPFIND", "/json", () => "found")
          .get("/boom", () => { throw new TypeError("secret"); })
          .get("/later", async () => { await Bun.sleep(1); throw new Error("secret"); })
          .get("/gone", () => { throw new GafferdError("gone", "it is gone"); })
          .post("/typed", ({ body }) => body, { body: t.Object({ n: t.Number() }) })
          .get("/raw", () => new Response(new Uint8Array([0, 255]), { headers: { "cache-control": "max-age=5" } }))
          .get("/events", async function* () { for (let id = 1; ; id++) { yield sse({ id, data: { id } }); await Bun.sleep(5); } })
          .get("/stream", () => new Response(
            new ReadableStream({ start(c) { c.enqueue("first"); }, cancel() { globalThis.cancelled++; } }),
            { headers: { "content-type": "text/event-stream" } },
          ))
          .get("/silent", () => new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } }));
      }
    `,
  })}
`;

let started: Started;
beforeAll(async () => {
  started = await startWith({
    files: { "web/plugin/index.ts": index, "quiet/plugin/index.ts": source("quiet") },
    ini: "[gaffer]\ncors_origins = https://example.org\n",
  });
});
afterAll(async () => await started[Symbol.asyncDispose]());

const api = "/_plugin/web/api";
const as = (headers: Record<string, string>, method = "GET") => fetch(`${started.url}${api}/json`, { method, headers });
const ask = (method: string, path: string, body?: unknown) => started.ask(method, `${api}${path}`, body);

describe("a plugin's routes", () => {
  test.each([
    ["GET", "", undefined, 200, "root"],
    ["GET", "/", undefined, 200, "root"],
    ["GET", "/json?a=1", undefined, 200, { query: { a: "1" } }],
    ["POST", "/echo", { x: [1] }, 200, { x: [1] }],
    ["PUT", "/items/a%20b", undefined, 201, { id: "a b" }],
    ["DELETE", "/items/a", undefined, 409, { error: "conflict", message: "in use" }],
    ["PROPFIND", "/json", undefined, 200, "found"],
  ])("answer %s %s", async (method, path, body, status, answer) => {
    expect(await ask(method, path, body)).toMatchObject({ status, body: answer });
  });

  test("are served only below the plugin's name", async () => {
    expect((await started.ask("GET", "/json")).status).toBe(404);
    expect((await started.ask("GET", "/_plugin/nobody/api/json")).status).toBe(404);
    expect((await started.ask("GET", "/_plugin/quiet/api")).status).toBe(404);
    expect((await started.ask("GET", "/_plugin/web/apix")).status).toBe(404);
  });

  test("have gafferd's headers unless they set their own", async () => {
    const { headers } = await ask("GET", "/");
    expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const raw = await fetch(`${started.url}${api}/raw`);
    expect(raw.headers.get("cache-control")).toBe("max-age=5");
    expect([...new Uint8Array(await raw.arrayBuffer())]).toEqual([0, 255]);
  });

  test("fail like gafferd's routes: with a code and a message; details of an exception are only logged", async () => {
    expect(await ask("GET", "/gone")).toMatchObject({ status: 410, body: { error: "gone", message: "it is gone" } });
    expect(await ask("GET", "/nope")).toMatchObject({
      status: 404,
      body: { error: "resource_not_found", message: expect.stringContaining("`web`") },
    });
    expect(await ask("POST", "/typed", { n: "x" })).toMatchObject({ status: 400, body: { error: "bad_value" } });
    for (const path of ["/boom", "/later"]) {
      const { status, body } = await ask("GET", path);
      expect([status, body]).toEqual([500, { error: "internal", message: expect.not.stringContaining("secret") }]);
      expect(started.logged.at(-1)).toEqual({
        line: `error plugin web: cannot answer GET ${api}${path}`,
        cause: expect.objectContaining({ message: "secret" }),
      });
    }
    expect((await started.ask("GET", "/ping")).body).toBe("OK");
  });

  test("support HEAD and OPTIONS, and list the allowed methods", async () => {
    expect(await ask("HEAD", "/json")).toMatchObject({ status: 200, body: "" });
    const options = await ask("OPTIONS", "/json");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, PROPFIND"]);
    const wrong = await ask("POST", "/json", {});
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, PROPFIND"]);
    expect(wrong.body).toMatchObject({ error: "method_not_allowed" });
  });

  test("reject foreign hosts and origins, and accept those of `cors_origins`", async () => {
    expect((await as({ host: "evil.example" })).status).toBe(403);
    expect((await as({ origin: "https://evil.example" })).status).toBe(403);
    const listed = await as({ origin: "https://example.org" });
    expect([listed.status, listed.headers.get("access-control-allow-origin")]).toEqual([200, "https://example.org"]);
    const preflight = await as({ origin: "https://example.org", "access-control-request-method": "GET" }, "OPTIONS");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("GET");
  });

  test("send the headers of a silent stream at once", async () => {
    const response = await fetch(`${started.url}${api}/silent`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    await response.body?.cancel();
  });

  test("stream events, and are notified when the client disconnects", async () => {
    const response = await fetch(`${started.url}${api}/events`);
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += new TextDecoder().decode(bytes);
      if (text.includes("id: 3")) break;
    }
    expect(text).toContain('id: 2\ndata: {"id":2}\n\n');
    const stream = await fetch(`${started.url}${api}/stream`);
    const reader = stream.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await waitFor(() => (globalThis as unknown as { cancelled: number }).cancelled === 1, "the end of the stream");
  });
});

test("routes and their streams end when the app stops, and return when it starts again", async () => {
  await using own = await startWith({ files: { "web/plugin/index.ts": index } });
  const stream = await fetch(`${own.url}${api}/stream`);
  const reading = stream.text();
  await own.daemon.restartPlugins();
  expect(await reading).toBe("first");
  expect((await own.ask("GET", `${api}/json`)).status).toBe(200);
  const plugin = own.daemon.plugins.find("web");
  await own.daemon.stop();
  expect([plugin?.state, plugin?.answer]).toEqual(["stopped", undefined]);
});
