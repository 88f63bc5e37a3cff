import { describe, expect, test } from "bun:test";
import { parseSitePath } from "../../../src/plugin/site/site-path.ts";

const parse = (path: string) => parseSitePath(`http://localhost${path}`);

describe("the URL of a site is parsed:", () => {
  test.each<[string, readonly string[], boolean]>([
    ["/_plugin/hello", [], false],
    ["/_plugin/hello/", [], true],
    ["/_plugin/hello/a/b.txt", ["a", "b.txt"], false],
    ["/_plugin/hello/a/", ["a"], true],
    ["/_plugin/hello/a%20b%C3%A9?q=/x/#/y", ["a bé"], false],
    ["/_plugin/hello/%252e%252e", ["%2e%2e"], false],
  ])("%s", (path, segments, isFolder) => {
    expect(parse(path)).toMatchObject({ name: "hello", segments, isFolder });
  });

  test("its name is decoded", () => {
    expect(parse("/_plugin/caf%C3%A9/")?.name).toBe("café");
  });

  test.each(["..", ".x", "%2e%2e", "a%2fb", "a%5cb", "a%00", "%c0%ae", "%", "a//b"])(
    "%s is not the name of a file",
    (name) => {
      expect(parseSitePath(`http+raw://host/_plugin/hello/x/${name}`)?.segments).toBeUndefined();
    },
  );
});

test.each([
  "/",
  "/_plugin",
  "/_plugin/",
  "/_plugin?x=/_plugin/hello/",
  "/processes/_plugin/hello/",
  "/_plugins/hello/",
])("%s is not the URL of a site", (path) => {
  expect(parse(path)).toBeUndefined();
});

test("a redirect stays in the same folder and keeps the query", () => {
  expect(parse("/_plugin/hello/a/evil:b?q=1#x")?.withSlash).toBe("./evil:b/?q=1");
});
