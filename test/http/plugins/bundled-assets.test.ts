import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { waitFor } from "../../wait-for.ts";
import { askRaw, temporaryFolder } from "../listen/listening.ts";
import { type PluginServing, servePlugins } from "./plugin-folder.ts";

const script = "console.log('a line of the dashboard');\n".repeat(100);
const shipped = "../shipped/dashboard/_site";
const assets = "/_plugin/dashboard/assets";
const secret = "the secret beside the assets";
const immutable = "public, max-age=31536000, immutable";

let serving: PluginServing;
const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${serving.url}${path}`, {
    redirect: "manual",
    ...init,
    headers: { "accept-encoding": "", ...headers },
    decompress: false,
  });

beforeAll(async () => {
  serving = await servePlugins({
    [`${shipped}/index.html`]: "<h1>the dashboard</h1>",
    [`${shipped}/assets/index-1a2b3c4d.js`]: script,
    [`${shipped}/assets/index-5e6f7a8b.css`]: "p{color:red}",
    [`${shipped}/assets/letters-9c0d1e2f.woff2`]: "0123456789".repeat(300),
    [`${shipped}/assets/gone-00000000.js`]: script,
    [`${shipped}/assets/.env`]: secret,
    [`${shipped}/assets/folder/inner-11111111.js`]: "inner",
    "../shipped/dashboard/secret.txt": secret,
    "../shipped/other/_site/assets/index-22222222.js": "another's",
  });
  const folder = join(serving.folder, shipped, "assets");
  symlinkSync("../../secret.txt", join(folder, "secret-33333333.txt"));
  symlinkSync("../..", join(folder, "up"));
});
afterAll(async () => await serving[Symbol.asyncDispose]());

describe("an asset of the bundled dashboard", () => {
  test.each([
    ["index-1a2b3c4d.js", "text/javascript;charset=utf-8", script],
    ["index-5e6f7a8b.css", "text/css;charset=utf-8", "p{color:red}"],
    ["letters-9c0d1e2f.woff2", "font/woff2", "0123456789".repeat(300)],
    ["folder/inner-11111111.js", "text/javascript;charset=utf-8", "inner"],
  ])("%s can be cached forever", async (name, type, content) => {
    const { status, headers, ...answer } = await readAll(await ask(`${assets}/${name}`));
    expect([status, answer.text]).toEqual([200, content]);
    expect(headers.get("cache-control")).toBe(immutable);
    expect(headers.get("content-type")).toBe(type);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("etag")).toBeNull();
    const head = await ask(`${assets}/${name}`, {}, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.headers.get("cache-control")]).toEqual([
      200,
      String(content.length),
      immutable,
    ]);
  });

  test("can be requested in part", async () => {
    const { status, headers, text } = await readAll(
      await ask(`${assets}/index-1a2b3c4d.js`, { range: "bytes=3-9", "accept-encoding": "gzip" }),
    );
    expect([status, headers.get("content-range"), headers.get("content-encoding"), text]).toEqual([
      206,
      `bytes 3-9/${script.length}`,
      null,
      script.slice(3, 10),
    ]);
    expect(headers.get("cache-control")).toBe(immutable);
  });

  test.each([
    ["gzip", gunzipSync],
    ["zstd", zstdDecompressSync],
  ] as const)("is compressed with %s", async (encoding, decode) => {
    for (const method of ["GET", "HEAD", "GET"]) {
      const { status, headers, bytes } = await readAll(
        await ask(`${assets}/index-1a2b3c4d.js`, { "accept-encoding": encoding }, { method }),
      );
      expect([status, headers.get("content-encoding"), headers.get("vary"), headers.get("cache-control")]).toEqual([
        200,
        encoding,
        "Accept-Encoding",
        immutable,
      ]);
      expect(Number(headers.get("content-length"))).toBeLessThan(script.length / 2);
      if (method === "GET") expect(decode(bytes).toString()).toBe(script);
    }
    const font = await ask(`${assets}/letters-9c0d1e2f.woff2`, { "accept-encoding": encoding });
    expect(font.headers.get("content-encoding")).toBeNull();
  });

  test.each([
    ["a page of another origin", { origin: "http://evil.example" }],
    ["another Host", { host: "evil.example" }],
    ["a cross-site request", { "sec-fetch-site": "cross-site" }],
  ])("is refused to %s", async (_, headers) => {
    const { status, text } = await askRaw(Number(URL.parse(serving.url)?.port), {
      path: `${assets}/index-1a2b3c4d.js`,
      headers,
    });
    expect([status, JSON.parse(text)]).toMatchObject([403, { error: "forbidden" }]);
  });

  test.each([
    ".env",
    "%2eenv",
    "secret-33333333.txt",
    "up/secret.txt",
    "..%2f..%2fsecret.txt",
    "%2e%2e/%2e%2e/secret.txt",
    "..%5c..%5csecret.txt",
    "none-00000000.js",
    "index-1a2b3c4d.js/",
    "index-1a2b3c4d.js%00",
    "folder/",
  ])("is not found as %s", async (name) => {
    const { status, text } = await askRaw(Number(URL.parse(serving.url)?.port), { path: `${assets}/${name}` });
    expect(status).toBe(404);
    expect(JSON.parse(text)).toHaveProperty("error");
    expect(text).not.toContain(secret);
  });

  test("is read-only", async () => {
    const answer = await ask(`${assets}/index-1a2b3c4d.js`, {}, { method: "POST" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("is 404 after it was deleted", async () => {
    expect((await ask(`${assets}/gone-00000000.js`)).status).toBe(200);
    rmSync(join(serving.folder, shipped, "assets/gone-00000000.js"));
    for (const encoding of ["", "gzip"]) {
      expect((await ask(`${assets}/gone-00000000.js`, { "accept-encoding": encoding })).status).toBe(404);
    }
  });

  test("that was added later is served like a file of any site", async () => {
    expect((await ask(`${assets}/index-5e6f7a8b.css`)).status).toBe(200);
    serving.write(`${shipped}/assets/later-44444444.js`, "later");
    const { status, headers, text } = await readAll(await ask(`${assets}/later-44444444.js`));
    expect([status, headers.get("cache-control"), text]).toEqual([200, "no-cache", "later"]);
  });

  test("is not in the OpenAPI document", async () => {
    const { paths } = (await (await ask("/openapi.json")).json()) as { paths: object };
    expect(Object.keys(paths).filter((path) => path.includes("assets") || path.includes("dashboard"))).toEqual([]);
  });
});

test("changes of the page itself are served immediately", async () => {
  expect((await ask("/_plugin/dashboard/")).headers.get("cache-control")).toBe("no-cache");
  serving.write(`${shipped}/index.html`, "<h1>a longer page than it was before</h1>");
  expect(await (await ask("/_plugin/dashboard/")).text()).toBe("<h1>a longer page than it was before</h1>");
});

test("assets of other bundled sites are not cached forever", async () => {
  const { headers } = await ask("/_plugin/other/assets/index-22222222.js");
  expect(headers.get("cache-control")).toBe("no-cache");
});

test("a dashboard in plugins_dir takes precedence while it exists", async () => {
  expect(await readScript()).toEqual([immutable, script]);
  const own = join(serving.folder, "dashboard");
  mkdirSync(join(own, "_site/assets"), { recursive: true });
  writeFileSync(join(own, "_site/assets/index-1a2b3c4d.js"), "a person's own");
  expect(await readScript()).toEqual(["no-cache", "a person's own"]);
  rmSync(own, { recursive: true });
  await waitFor(async () => (await readScript())[1] === script, "the dashboard that ships");
});

test("serving an asset leaves no timer that keeps the program running", async () => {
  using folder = temporaryFolder();
  const site = join(folder.path, "dashboard/_site/assets");
  mkdirSync(site, { recursive: true });
  writeFileSync(join(site, "index-1a2b3c4d.js"), script);
  const program = `
    import { BundledAssets } from "${join(import.meta.dir, "../../../src/http/plugins/bundled-assets.ts")}";
    const roots = [{ folder: ${JSON.stringify(folder.path)}, bundled: true, only: "all" }];
    const served = new BundledAssets({ roots, list: () => [], find: () => undefined });
    const request = new Request("http://localhost:5000${assets}/index-1a2b3c4d.js", { headers: { "accept-encoding": "gzip" } });
    console.log((await served.answer(request)).status);`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit", timeout: 4000 });
  expect([await child.stdout.text(), await child.exited]).toEqual(["200\n", 0]);
});

async function readAll(response: Response) {
  const { status, headers } = response;
  const bytes = await response.bytes();
  return { status, headers, bytes, text: new TextDecoder().decode(bytes) };
}

async function readScript() {
  const { headers, text } = await readAll(await ask(`${assets}/index-1a2b3c4d.js`));
  return [headers.get("cache-control"), text];
}
