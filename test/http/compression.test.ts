import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { waitFor } from "../wait-for.ts";
import { type PluginServing, servePlugins } from "./plugins/plugin-folder.ts";

const page = "<p>one line of a page</p>\n".repeat(200);
const long = "a line of a file that is larger than the cache limit of a file\n".repeat(40_000);

let serving: PluginServing;
beforeAll(async () => {
  serving = await servePlugins({
    "hello/_site/index.html": page,
    "hello/_site/code.js": "const a = 1;\n".repeat(200),
    "hello/_site/look.css": "p { color: red }\n".repeat(200),
    "hello/_site/picture.svg": `<svg>${"<g/>".repeat(500)}</svg>`,
    "hello/_site/short.txt": "short",
    "hello/_site/long.txt": long,
    "hello/_site/picture.png": "not text, by its name".repeat(200),
  });
  const create = (name: string) =>
    fetch(`${serving.url}/processes`, {
      method: "POST",
      body: JSON.stringify({ name, cmd: "echo hello; sleep 600", shell: true, redirect_output: ["out", "err"] }),
    });
  await Promise.all(Array.from({ length: 60 }, (_, index) => create(`a-rather-long-name-of-a-template-${index}`)));
  // The file must be older than the precision of file times.
  await waitFor(async () => (await ask("/_plugin/hello/", {})).headers.get("etag") !== null, "an ETag");
});
afterAll(async () => await serving[Symbol.asyncDispose]());

const ask = (path: string, headers: Record<string, string>, init: RequestInit = {}) =>
  fetch(`${serving.url}${path}`, { ...init, headers: { "accept-encoding": "", ...headers }, decompress: false });

const decoders = { gzip: gunzipSync, zstd: zstdDecompressSync } as const;
const encodings = ["gzip", "zstd"] as const;

/** The uncompressed text, without values that change between requests. */
const settled = (text: string) => text.replaceAll(/[\d.]+/g, "0");

/** The headers that must be the same for `HEAD` and `GET`. */
const comparedHeaders = ({ headers }: Response) =>
  ["content-type", "content-encoding", "vary", "etag", "cache-control"].map((name) => headers.get(name));

const texts = [
  "/processes",
  "/processes?detail=true",
  "/stats",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/_plugin/hello/",
  "/_plugin/hello/code.js",
  "/_plugin/hello/look.css",
  "/_plugin/hello/picture.svg",
  "/_plugin/hello/long.txt",
];

describe.each(texts)("%s", (path) => {
  test.each(encodings)("is compressed with %s if the client accepts it", async (encoding) => {
    const plain = await ask(path, {});
    expect([plain.headers.get("content-encoding"), plain.headers.get("vary")]).toEqual([null, "Accept-Encoding"]);
    const encoded = await ask(path, { "accept-encoding": encoding });
    const { headers } = encoded;
    expect([encoded.status, headers.get("content-encoding"), headers.get("vary")]).toEqual([
      200,
      encoding,
      "Accept-Encoding",
    ]);
    for (const name of ["content-type", "cache-control", "content-security-policy", "x-content-type-options"]) {
      expect(headers.get(name)).toBe(plain.headers.get(name));
    }
    const bytes = await encoded.bytes();
    const text = await plain.text();
    expect(bytes.length).toBeLessThan(text.length / 2);
    if (headers.has("content-length")) expect(headers.get("content-length")).toBe(String(bytes.length));
    expect(settled(decoders[encoding](bytes).toString()).length).toBeCloseTo(settled(text).length, -3);
    if (path.startsWith("/_plugin") || path === "/docs") expect(decoders[encoding](bytes).toString()).toBe(text);
  });

  test("has the same headers for HEAD", async () => {
    const accept = { "accept-encoding": "gzip" };
    const [get, head] = [await ask(path, accept), await ask(path, accept, { method: "HEAD" })];
    expect(comparedHeaders(head)).toEqual(comparedHeaders(get));
    expect(await head.text()).toBe("");
    await get.arrayBuffer();
  });
});

describe("is not compressed:", () => {
  test.each(["/ping", "/", "/status/a-rather-long-name-of-a-template-1", "/_plugin/hello/short.txt"])(
    "a body of 1 KiB or less, %s",
    async (path) => {
      const { headers } = await ask(path, { "accept-encoding": "gzip, zstd" });
      expect(headers.get("content-encoding")).toBeNull();
      expect(headers.get("vary") ?? "").not.toContain("Accept-Encoding");
    },
  );

  test("a picture", async () => {
    const { headers } = await ask("/_plugin/hello/picture.png", { "accept-encoding": "gzip" });
    expect([headers.get("content-encoding"), headers.get("vary")]).toEqual([null, null]);
  });

  test.each([
    "/streams/1/out?feed=eventsource",
    "/streams/1/out?feed=continuous",
    "/streams/1/out?feed=longpoll",
    "/streams/a-rather-long-name-of-a-template-1?feed=eventsource",
    "/watch?feed=eventsource&since=1h",
    "/watch?feed=continuous",
    "/stats?feed=eventsource",
    "/stats?feed=continuous",
  ])("a stream, %s", async (path) => {
    const ended = new AbortController();
    const { status, headers } = await ask(path, { "accept-encoding": "gzip, zstd" }, { signal: ended.signal });
    if (status === 200) expect(headers.get("content-encoding")).toBeNull();
    expect(headers.get("vary")).toBeNull();
    ended.abort();
  });
});

test("a long error response is compressed too", async () => {
  const path = `/processes/none/${"x".repeat(2000)}/y`;
  const short = await ask(path, { "accept-encoding": "gzip" });
  expect([short.status, short.headers.get("content-encoding")]).toEqual([404, null]);
  const name = "n".repeat(2000);
  const failed = await ask(`/status/${name}`, { "accept-encoding": "gzip" });
  expect([failed.status, failed.headers.get("content-encoding")]).toEqual([404, "gzip"]);
  expect(JSON.parse(gunzipSync(await failed.bytes()).toString())).toMatchObject({ error: "not_found" });
});

describe("a site's file that is compressed", () => {
  const path = "/_plugin/hello/";
  const etagOf = async (accept: string) => (await ask(path, { "accept-encoding": accept })).headers.get("etag") ?? "";

  test("has an ETag for each encoding, which is answered with 304", async () => {
    const etags = await Promise.all(["", "gzip", "zstd"].map(etagOf));
    expect(new Set(etags).size).toBe(3);
    for (const [index, accept] of ["", "gzip", "zstd"].entries()) {
      for (const [position, etag] of etags.entries()) {
        const answer = await ask(path, { "accept-encoding": accept, "if-none-match": etag });
        expect([accept, etag, answer.status]).toEqual([accept, etag, position === index ? 304 : 200]);
        expect(answer.headers.get("etag")).toBe(etags[index] ?? "");
        expect(answer.headers.get("vary")).toBe("Accept-Encoding");
      }
      const all = await ask(path, { "accept-encoding": accept, "if-none-match": etags.join(", ") });
      expect(all.status).toBe(304);
    }
  });

  test("is not compressed if a range is requested", async () => {
    const part = await ask(path, { "accept-encoding": "gzip", range: "bytes=3-9" });
    expect([part.status, part.headers.get("content-encoding"), part.headers.get("etag"), await part.text()]).toEqual([
      206,
      null,
      await etagOf(""),
      page.slice(3, 10),
    ]);
  });

  test.each(["gzip", "zstd"])("cannot continue a download that was compressed with %s", async (accept) => {
    const ifRange = await etagOf(accept);
    const whole = await ask(path, { "accept-encoding": accept, range: "bytes=3-9", "if-range": ifRange });
    expect([whole.status, whole.headers.get("content-encoding"), await whole.text()]).toEqual([200, null, page]);
  });

  test("is updated after an edit, and is 404 after it was deleted", async () => {
    const file = serving.write("hello/_site/changing.html", page);
    const accept = { "accept-encoding": "gzip" };
    const read = async () => gunzipSync(await (await ask("/_plugin/hello/changing.html", accept)).bytes()).toString();
    for (const letter of ["a", "b", "c"]) {
      serving.write("hello/_site/changing.html", letter.repeat(3000));
      expect(await read()).toBe(letter.repeat(3000));
      await waitFor(
        async () => (await ask("/_plugin/hello/changing.html", accept)).headers.get("etag") !== null,
        "an ETag",
      );
      expect(await read()).toBe(letter.repeat(3000));
    }
    rmSync(file);
    expect((await ask("/_plugin/hello/changing.html", accept)).status).toBe(404);
  });
});
