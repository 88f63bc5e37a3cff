import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../serving.ts";
import { exposedHeaders } from "../../../src/http/operation/cors.ts";
import { endpoint, listen, temporaryFolder } from "../listen/listening.ts";

const origin = "https://ops.example";
const corsOrigins = [origin];

describe("a page of a listed origin", () => {
  test.each(["/ping", "/nope", "/processes/none"])("may read %s", async (path) => {
    await using listening = await listen([endpoint()], { corsOrigins });
    const headers = { origin, "sec-fetch-site": "cross-site" };
    const { headers: answered, status } = await fetch(`${listening.url}${path}`, { headers });
    expect(status).not.toBe(403);
    expect(answered.get("access-control-allow-origin")).toBe(origin);
    expect(answered.get("access-control-expose-headers")).toContain("X-Gaffer-Next");
    expect(answered.get("vary")).toBe("Origin");
    expect(answered.get("access-control-allow-credentials")).toBeNull();
  });

  test("can read every response header of gafferd, such as the number of lost bytes", async () => {
    const folder = join(import.meta.dir, "../../../src/http");
    const named = new Set<string>();
    for await (const path of new Bun.Glob("**/*.ts").scan(folder)) {
      const text = await Bun.file(join(folder, path)).text();
      for (const [, name = ""] of text.matchAll(/"(x-gaffer-[a-z-]+|location|retry-after|etag)"/gi))
        named.add(name.toLowerCase());
    }
    expect([...named]).toContain("x-gaffer-gap");
    const exposed = exposedHeaders.map((name) => name.toLowerCase());
    expect([...named].filter((name) => !exposed.includes(name))).toEqual([]);
    await using listening = await listen([endpoint()], { corsOrigins });
    const { headers } = await fetch(`${listening.url}/ping`, { headers: { origin } });
    expect(headers.get("access-control-expose-headers")?.split(", ")).toEqual(exposedHeaders);
  });

  test("can read compressed responses, and `Vary` separates origins and encodings in caches", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "hello/_site"), { recursive: true });
    writeFileSync(join(folder.path, "hello/_site/index.html"), "a long page ".repeat(200));
    const serving = await serve({ corsOrigins, sites: { pluginsDir: folder.path, bundledPlugins: [] } });
    for (const path of ["/openapi.json", "/docs", "/_plugin/hello/", `/status/${"n".repeat(2000)}`]) {
      for (const encoding of ["gzip", "identity"]) {
        const headers = { origin, "accept-encoding": encoding };
        const { headers: answered } = await fetch(`${serving.url}${path}`, { headers });
        expect(answered.get("content-encoding")).toBe(encoding === "gzip" ? encoding : null);
        expect(answered.get("access-control-allow-origin")).toBe(origin);
        const vary = answered.get("vary")?.split(", ").toSorted();
        expect([path, vary]).toEqual([path, ["Accept-Encoding", "Origin"]]);
      }
    }
    await serving.daemon.stop();
  });

  test("gets a preflight response", async () => {
    await using listening = await listen([endpoint()], { corsOrigins });
    const headers = { origin, "access-control-request-method": "DELETE" };
    const { status, headers: answered } = await fetch(`${listening.url}/processes/a`, { method: "OPTIONS", headers });
    expect(status).toBe(204);
    expect(answered.get("access-control-allow-methods")?.split(", ")).toContain("DELETE");
    expect(answered.get("access-control-allow-headers")).toBe("*, Authorization");
    expect(answered.get("access-control-max-age")).toBe("600");
  });
});

test("an asterisk allows every origin, and the response names the origin", async () => {
  await using listening = await listen([endpoint()], { corsOrigins: ["*"] });
  const { headers } = await fetch(`${listening.url}/ping`, { headers: { origin } });
  expect(headers.get("access-control-allow-origin")).toBe(origin);
});

test("a page of another origin gets no CORS headers, and other clients only Vary", async () => {
  await using listening = await listen([endpoint()], { corsOrigins });
  const refused = await fetch(`${listening.url}/ping`, { headers: { origin: "https://evil.example" } });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  expect(refused.headers.get("vary")).toBe("Origin");
  const own = await fetch(`${listening.url}/ping`, { method: "OPTIONS" });
  expect([own.status, own.headers.get("access-control-allow-methods")]).toEqual([204, null]);
});
