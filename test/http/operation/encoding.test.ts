import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { acceptedEncoding, encode, isText } from "../../../src/http/operation/encoding.ts";
import { isLong, TextAnswer } from "../../../src/http/operation/text-answer.ts";

const request = (accept?: string) =>
  new Request("http://localhost/", accept === undefined ? {} : { headers: { "accept-encoding": accept } });

describe("the encoding of a body", () => {
  test.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ["", undefined],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["GZIP", "gzip"],
    ["zstd", "zstd"],
    ["gzip, deflate", "gzip"],
    ["gzip, deflate, br, zstd", "zstd"],
    ["deflate, br", undefined],
    ["zstd;q=0.5, gzip;q=0.8", "gzip"],
    ["zstd;q=0.8, gzip;q=0.5", "zstd"],
    ["gzip;q=0", undefined],
    ["gzip;q=0, zstd;q=0", undefined],
    ["gzip;q=0, *", undefined],
    ["*", "gzip"],
    ["*;q=0", undefined],
    ["zstd;q=0, *;q=0.1", "gzip"],
    ["identity", undefined],
    ["identity, gzip;q=0.5", undefined],
    ["identity;q=0.5, gzip", "gzip"],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["gzip;q=none", undefined],
  ])("for `Accept-Encoding: %s` is %s", (accept, encoding) => {
    expect(acceptedEncoding(request(accept))).toBe(encoding as ReturnType<typeof acceptedEncoding>);
  });

  test("is computed outside the event loop", async () => {
    const bytes = new TextEncoder().encode(
      JSON.stringify(Array.from({ length: 400_000 }, (_, index) => ({ index, double: index * 2 }))),
    );
    for (const encoding of ["gzip", "zstd"] as const) {
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 0);
      await encode(bytes, encoding);
      clearInterval(timer);
      expect(turns).toBeGreaterThan(3);
    }
  });
});

test.each([
  ["text/html;charset=utf-8", true],
  ["application/json;charset=utf-8", true],
  ["text/javascript", true],
  ["image/svg+xml", true],
  ["application/manifest+json", true],
  ["application/wasm", true],
  ["application/xml", true],
  ["image/png", false],
  ["font/woff2", false],
  ["application/octet-stream", false],
  ["application/zip", false],
  ["application/jsonish", false],
])("%s is text: %p", (type, expected) => {
  expect(isText(type)).toBe(expected);
});

describe("a TextAnswer", () => {
  test.each<[string, number, boolean]>([
    ["a", 1024, false],
    ["a", 1025, true],
    ["é", 512, false],
    ["é", 513, true],
    ["€", 341, false],
    ["€", 342, true],
    ["😀", 256, false],
    ["😀", 257, true],
  ])("of %s %d times is long: %p", (letter, count, expected) => {
    expect(isLong(letter.repeat(count))).toBe(expected);
    expect(isLong(new TextEncoder().encode(letter.repeat(count)))).toBe(expected);
  });

  test("can be sent again, compressed", async () => {
    const answer = new TextAnswer("a long text ".repeat(1000), { headers: { "content-type": "text/plain" } });
    const [first, second] = [await answer.toResponse(request("gzip")), await answer.toResponse(request("gzip"))];
    expect(first.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(await first.bytes()).toString()).toBe("a long text ".repeat(1000));
    expect(gunzipSync(await second.bytes()).toString()).toBe("a long text ".repeat(1000));
  });

  test("keeps its own headers, and lists each header in Vary once", async () => {
    const answer = new TextAnswer("x".repeat(2000), { headers: { vary: "Accept", "cache-control": "no-cache" } });
    const { headers } = await answer.toResponse(request("gzip"), {
      vary: "Origin, Accept",
      "cache-control": "no-store",
    });
    expect([headers.get("vary"), headers.get("cache-control")]).toEqual([
      "Origin, Accept, Accept-Encoding",
      "no-cache",
    ]);
  });

  test("is not compressed if it is short, or if the client accepts no encoding", async () => {
    const short = new TextAnswer("x", { headers: {} }).toResponse(request("gzip")) as Response;
    expect([short.headers.get("vary"), await short.text()]).toEqual([null, "x"]);
    const long = new TextAnswer("x".repeat(2000), { headers: {} }).toResponse(request()) as Response;
    expect([long.headers.get("vary"), long.headers.get("content-encoding")]).toEqual(["Accept-Encoding", null]);
  });
});
