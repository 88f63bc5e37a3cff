import { describe, expect, test } from "bun:test";
import { NotFoundError, t } from "elysia";
import { createService } from "./service.ts";

/** A path for every route of the app, with the template `a:b` and its process 1. */
function pathsOf(service: ReturnType<typeof createService>): { method: string; path: string }[] {
  return service.app.routes.map(({ method, path }) => ({
    method,
    path: path
      .replace(/:(id|name|target)/, "a:b")
      .replace(":pid", "1")
      .replace(":group", "a")
      .replace(":label", "stdout")
      .replace(":n", "0")
      .replace(":sig", "CONT"),
  }));
}

/** HEAD responds like GET: a WebSocket needs an upgrade, a watch has no event yet, `stdin` is not an output, `a:b` not a webhook. */
function headStatusOf(path: string): number {
  if (path.startsWith("/wstreams/")) return 426;
  if (path.startsWith("/watch/:")) return 404;
  if (path.startsWith("/watch")) return 204;
  if (path.endsWith("/stdin")) return 403;
  // The process runs, has no owner, and nothing is on disk.
  if (path.includes("/_history/") || path.startsWith("/leases/") || path.startsWith("/logs")) return 404;
  return path.startsWith("/webhooks/") ? 404 : 200;
}

async function createPopulated() {
  const service = createService();
  await service.ask("POST", "/processes", { name: "a:b", cmd: "sleep 1000", redirect_output: ["stdout"] });
  await service.ask("PUT", "/runs/a:b?wait=0", { cmd: "sleep 1000" });
  return service;
}

describe("every response", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/ping"],
    ["GET", "/processes"],
    ["HEAD", "/processes"],
    ["GET", "/nope"],
    ["OPTIONS", "/processes"],
    ["PATCH", "/processes"],
    ["POST", "/processes"],
    ["GET", "/processes/%ff"],
  ])("to %s %s forbids caching and content sniffing", async (method, path) => {
    await using service = createService();
    const { headers } = await service.ask(method, path);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("vary")).toBe(path === "/" ? "Accept" : null);
  });
});

// Elysia awaits results that look like a promise, which costs half a microsecond per request.
test("synchronous handlers respond without awaiting a promise", async () => {
  await using service = await createPopulated();
  expect(service.app.fetch(new Request("http://localhost:5000/status/a:b"))).toBeInstanceOf(Response);
});

test("/ identifies the server, with links", async () => {
  await using service = createService();
  const { status, headers, body } = await service.ask("GET", "/");
  const links = { docs: "/docs", openapi: "/openapi.json", dashboard: null };
  expect([status, body]).toEqual([200, { welcome: "gaffer", version: "1.2.3", ...links }]);
  expect(headers.get("content-type")).toStartWith("application/json");
});

test("/ping returns OK as text", async () => {
  await using service = createService();
  const { status, headers, body } = await service.ask("GET", "/ping");
  expect([status, body]).toEqual([200, "OK"]);
  expect(headers.get("content-type")).toStartWith("text/plain");
});

describe("HEAD", () => {
  test.each(["/", "/ping", "/processes", "/processes/a:b", "/processes/1", "/status/a:b", "/groups", "/groups/a"])(
    "of %s has the status and the headers of GET, and no body",
    async (path) => {
      await using service = await createPopulated();
      const [head, get] = [await service.ask("HEAD", path), await service.ask("GET", path)];
      expect([head.status, head.body]).toEqual([200, ""]);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
    },
  );

  test.each(["/processes/none", "/processes/99", "/status/none", "/groups/none", "/none"])(
    "of %s is 404",
    async (path) => {
      await using service = createService();
      expect((await service.ask("HEAD", path)).status).toBe(404);
    },
  );

  test.each(["", "?feed=eventsource", "?feed=continuous", "?feed=longpoll"])(
    "of an output without data responds immediately: %s",
    async (query) => {
      await using service = await createPopulated();
      const { status, body } = await service.ask("HEAD", `/streams/1/stdout${query}`);
      expect([status, body]).toEqual([200, ""]);
      expect(service.manager.readerCount()).toBe(0);
    },
  );

  test("of an action does nothing", async () => {
    await using service = await createPopulated();
    expect((await service.ask("HEAD", "/processes/a:b/_stop")).status).toBe(200);
    expect((await service.ask("GET", "/status/a:b")).body).toMatchObject({ running: 1, stopped: false });
  });
});

test("every route supports OPTIONS, which lists its methods, and HEAD", async () => {
  await using service = await createPopulated();
  const paths = pathsOf(service);
  expect(paths.length).toBeGreaterThan(25);
  for (const { method, path } of paths) {
    const { status, headers } = await service.ask("OPTIONS", path);
    expect([path, status]).toEqual([path, 204]);
    expect(headers.get("allow")?.split(", ")).toContain(method);
    expect([path, (await service.ask("HEAD", path)).status]).toEqual([path, headStatusOf(path)]);
  }
});

test("every route rejects the methods that it does not list", async () => {
  await using service = await createPopulated();
  for (const { path } of pathsOf(service)) {
    const allowed = (await service.ask("OPTIONS", path)).headers.get("allow") ?? "";
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND"]) {
      if (allowed.split(", ").includes(method)) continue;
      const { status, headers, body } = await service.ask(method, path);
      expect([method, path, status, headers.get("allow")]).toEqual([method, path, 405, allowed]);
      expect(body).toEqual({ error: "method_not_allowed", message: expect.stringContaining(allowed) });
    }
  }
  expect((await service.ask("GET", "/status/a:b")).body).toMatchObject({ running: 1, numprocesses: 1 });
});

test.each(["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"])(
  "an unknown path is 404 for %s",
  async (method) => {
    await using service = createService();
    for (const path of [
      "/nope",
      "/processes/a/b",
      "/processes/a/_nope",
      "//processes",
      "/processes//",
      "/groups/a/b/c",
    ]) {
      const { status, body } = await service.ask(method, path);
      expect([path, status]).toEqual([path, 404]);
      if (method !== "HEAD") expect(body).toEqual({ error: "resource_not_found", message: expect.any(String) });
    }
  },
);

test.each(["/ping/", "/processes/", "/processes/a:b/", "/processes/a:b/_pids/", "/status/a:b/", "/groups/a/"])(
  "a trailing slash in %s is ignored",
  async (path) => {
    await using service = await createPopulated();
    const [with_, without] = [await service.ask("GET", path), await service.ask("GET", path.slice(0, -1))];
    expect([with_.status, with_.body]).toEqual([200, without.body]);
  },
);

describe("a name in a path", () => {
  test.each([
    ["/status/a%3Ab", 200],
    ["/status/a:b", 200],
    ["/status/%61%3a%62", 200],
    ["/status/a%253Ab", 404],
    ["/status/a%2Fb", 404],
    ["/status/caf%C3%A9", 404],
    ["/status/café", 404],
    ["/status/%00", 404],
    ["/status/__proto__", 404],
    ["/status/constructor", 404],
  ])("%s is decoded once: %i", async (path, status) => {
    await using service = await createPopulated();
    expect((await service.ask("GET", path)).status).toBe(status);
  });

  test.each(["%", "%z", "%zz", "%ff", "%c3%28", "%ed%a0%80", "a%2", "%c0%af"])(
    "is rejected if it cannot be decoded: %s",
    async (name) => {
      await using service = createService();
      for (const [method, path, field] of [
        ["GET", `/processes/${name}`, "id"],
        ["POST", `/processes/${name}/_stop`, "id"],
        ["GET", `/status/${name}`, "name"],
        ["DELETE", `/groups/${name}`, "group"],
      ] as const) {
        const { status, body } = await service.ask(method, path);
        expect([status, body]).toEqual([400, { error: "bad_value", field, message: expect.any(String) }]);
      }
    },
  );
});

test("an unknown name in a known path is 404", async () => {
  await using service = createService();
  const app = service.app.get("/lost", () => {
    throw new NotFoundError();
  });
  const response = await app.handle(new Request("http://localhost/lost"));
  expect([response.status, await response.json()]).toMatchObject([404, { error: "resource_not_found" }]);
});

test.each(['{"port":"secret"}', "{secret"])("clients never see an error of Elysia itself: %s", async (body) => {
  await using service = createService();
  const app = service.app.post("/typed", () => "taken", { body: t.Object({ port: t.Number() }) });
  const headers = { "content-type": "application/json" };
  const response = await app.handle(new Request("http://localhost/typed", { method: "POST", body, headers }));
  const text = await response.text();
  expect([response.status, JSON.parse(text)]).toEqual([400, { error: "bad_value", message: expect.any(String) }]);
  expect(text).not.toContain("secret");
});

test("an internal error is a 500 without details, and is logged in full", async () => {
  await using service = createService();
  service.manager.names = () => {
    throw new TypeError("secret detail");
  };
  const { status, body } = await service.ask("GET", "/processes?running=false");
  expect([status, body]).toEqual([500, { error: "internal", message: expect.not.stringContaining("secret") }]);
  expect(service.logged).toEqual([
    { line: "error cannot answer GET /processes", cause: expect.objectContaining({ message: "secret detail" }) },
  ]);
});
