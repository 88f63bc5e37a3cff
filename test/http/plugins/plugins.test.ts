import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { waitFor } from "../../wait-for.ts";
import type { PluginDocument } from "../../../src/documents/plugin-document.ts";
import { converse } from "../listen/listening.ts";
import { type PluginServing, servePlugins } from "./plugin-folder.ts";

const secret = "the secret beside the site";
const codePlugin = `
  import { Plugin } from "gafferd";
  import { Elysia } from "elysia";
  export class Coded extends Plugin {
    override name = "coded"; override version = "1.2"; override description = "has code";
    override app() { return { start() {}, routes: () => new Elysia().get("/hi", () => "hi") }; }
  }`;

let serving: PluginServing;
const ask = (path: string, init?: RequestInit) => fetch(`${serving.url}${path}`, { redirect: "manual", ...init });
const read = async (path: string) => await (await ask(path)).text();

const json = async (path: string) => (await (await ask(path)).json()) as PluginDocument[];
const message = async (path: string) => ((await (await ask(path)).json()) as { message: string }).message;
/** The ETag, which exists only when the file is older than the precision of file times. */
const etagOf = (path: string) =>
  waitFor(async () => (await ask(path)).headers.get("etag") ?? undefined, `an ETag of ${path}`);
const ranged = async (ifRange: string) => {
  const answer = await ask("/_plugin/hello/digits.txt", { headers: { range: "bytes=2-4", "if-range": ifRange } });
  return [answer.status, await answer.text()];
};

beforeAll(async () => {
  serving = await servePlugins({
    "hello/_site/index.html": "<h1>hello</h1>",
    "hello/_site/docs/index.html": "docs",
    "hello/_site/digits.txt": "0123456789",
    "hello/_site/a file é.txt": "accents",
    "hello/_site/empty/.keep": "",
    "hello/_site/.env": secret,
    "hello/_site/.git/config": secret,
    "hello/secret.txt": secret,
    "coded/plugin/index.ts": codePlugin,
    "coded/_site/index.html": "coded",
    "mute/plugin/index.ts": codePlugin.replace("coded", "mute"),
  });
  symlinkSync(join(serving.folder, "hello/secret.txt"), join(serving.folder, "hello/_site/out.txt"));
  symlinkSync("..", join(serving.folder, "hello/_site/up"));
  symlinkSync(".env", join(serving.folder, "hello/_site/env.txt"));
  symlinkSync("digits.txt", join(serving.folder, "hello/_site/in.txt"));
  symlinkSync("loop", join(serving.folder, "hello/_site/loop"));
  mkdirSync(join(serving.folder, "linked"));
  symlinkSync("../hello", join(serving.folder, "linked/_site"));
});
afterAll(async () => await serving[Symbol.asyncDispose]());

describe("a site's file", () => {
  test.each([
    ["page.html", "text/html;charset=utf-8"],
    ["code.js", "text/javascript;charset=utf-8"],
    ["look.css", "text/css;charset=utf-8"],
    ["picture.svg", "image/svg+xml"],
    ["module.wasm", "application/wasm"],
    ["font.woff2", "font/woff2"],
    ["README", "application/octet-stream"],
  ])("%s has the type %s, and browsers must not guess another", async (name, type) => {
    serving.write(`hello/_site/types/${name}`, "x");
    const { status, headers } = await ask(`/_plugin/hello/types/${name}`);
    expect([status, headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([
      200,
      type,
      "nosniff",
    ]);
  });

  test("may have a name with spaces and letters of any script", async () => {
    expect(await read("/_plugin/hello/a%20file%20%C3%A9.txt")).toBe("accents");
  });

  test("is sent unchanged, at any size", async () => {
    const bytes = new Uint8Array(3_000_000).map((_, index) => index % 251);
    serving.write("hello/_site/large.bin", bytes);
    expect(Bun.hash(await (await ask("/_plugin/hello/large.bin")).arrayBuffer())).toBe(Bun.hash(bytes));
  });

  test("answers HEAD as GET, without the body", async () => {
    const { status, headers, body } = await ask("/_plugin/hello/digits.txt", { method: "HEAD" });
    expect([status, headers.get("content-length"), body]).toEqual([200, "10", null]);
    expect(headers.get("content-type")).toBe("text/plain;charset=utf-8");
    expect((await ask("/_plugin/hello/none.txt", { method: "HEAD" })).status).toBe(404);
  });

  test("can be framed only by pages of its own origin", async () => {
    const { headers } = await ask("/_plugin/hello/");
    expect(headers.get("content-security-policy")).toBe("frame-ancestors 'self'");
  });

  test("is refused to web pages of other origins", async () => {
    expect((await ask("/_plugin/hello/", { headers: { origin: "http://evil.example" } })).status).toBe(403);
    expect((await ask("/_plugin/hello/", { headers: { host: "evil.example" } })).status).toBe(403);
    expect((await ask("/processes", { headers: { origin: serving.url } })).status).toBe(200);
  });

  test("is read-only", async () => {
    const { status, headers } = await ask("/_plugin/hello/digits.txt", { method: "PUT", body: "x" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect((await ask("/_plugin/hello/", { method: "OPTIONS" })).status).toBe(204);
  });
});

describe("an ETag", () => {
  test("is answered with 304 while the file is unchanged", async () => {
    const etag = await etagOf("/_plugin/hello/digits.txt");
    for (const ifNoneMatch of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await ask("/_plugin/hello/digits.txt", { headers: { "if-none-match": ifNoneMatch } });
      expect([answer.status, await answer.text(), answer.headers.get("etag")]).toEqual([304, "", etag]);
      expect(answer.headers.get("cache-control")).toBe("no-cache");
    }
    expect((await ask("/_plugin/hello/digits.txt", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  test("changes when the file is edited, even if its length and time stay the same", async () => {
    const file = serving.write("hello/_site/edited.txt", "one");
    const time = new Date("2026-01-01");
    for (const content of ["two", "six", "ten"]) {
      utimesSync(file, time, time);
      const etag = await etagOf("/_plugin/hello/edited.txt");
      writeFileSync(file, content);
      utimesSync(file, time, time);
      const answer = await ask("/_plugin/hello/edited.txt", { headers: { "if-none-match": etag } });
      expect([answer.status, await answer.text()]).toEqual([200, content]);
    }
  });

  test("is not sent for a file that has just changed", async () => {
    const answers = [];
    for (let edit = 0; edit < 5; edit++) {
      serving.write("hello/_site/fresh.txt", `${edit}`);
      const writtenMs = performance.now();
      const etag = (await ask("/_plugin/hello/fresh.txt")).headers.get("etag");
      // On a busy machine, the response may be late.
      if (performance.now() - writtenMs < 80) answers.push(etag);
    }
    expect(answers.every((etag) => etag === null)).toBe(true);
  });

  test("guards a range: if the content has changed, the whole file is sent", async () => {
    const etag = await etagOf("/_plugin/hello/digits.txt");
    expect(await ranged(etag)).toEqual([206, "234"]);
    expect(await ranged('"other"')).toEqual([200, "0123456789"]);
  });
});

describe("a range", () => {
  test.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["lines=1-2", 200, "0123456789", null],
  ])("%s is answered with %d", async (range, status, body, contentRange) => {
    const answer = await ask("/_plugin/hello/digits.txt", { headers: { range } });
    expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([
      status,
      body,
      contentRange,
    ]);
  });
});

describe("a folder of a site", () => {
  test("is its index.html", async () => {
    expect(await read("/_plugin/hello/")).toBe("<h1>hello</h1>");
    expect(await read("/_plugin/hello/docs/")).toBe("docs");
    expect((await ask("/_plugin/hello/empty/")).status).toBe(404);
  });

  test.each([
    ["/_plugin/hello", "./hello/"],
    ["/_plugin/hello?a=b&c", "./hello/?a=b&c"],
    ["/_plugin/hello/docs?next=//evil.example", "./docs/?next=//evil.example"],
  ])("without a trailing slash, %s redirects to %s", async (path, location) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get("location")]).toEqual([308, location]);
  });

  test("redirects to no other host", async () => {
    serving.write("hello/_site/evil.example/index.html", "");
    for (const path of [
      "/_plugin/hello//evil.example",
      "//evil.example/_plugin/hello",
      "/_plugin//hello",
      "/_plugin/hello/%2fevil.example",
    ]) {
      const { status, headers } = await ask(path);
      expect([path, status, headers.get("location")]).toEqual([path, 404, null]);
    }
  });
});

describe("while gafferd runs", () => {
  test("added, changed and deleted sites are noticed", async () => {
    expect((await ask("/_plugin/late/")).status).toBe(404);
    serving.write("late/_site/index.html", "one");
    expect(await read("/_plugin/late/")).toBe("one");
    serving.write("late/_site/index.html", "two");
    serving.write("late/_site/more.html", "more");
    expect([await read("/_plugin/late/"), await read("/_plugin/late/more.html")]).toEqual(["two", "more"]);
    renameSync(join(serving.folder, "late"), join(serving.folder, "later"));
    expect([(await ask("/_plugin/late/")).status, await read("/_plugin/later/")]).toEqual([404, "two"]);
    rmSync(join(serving.folder, "later"), { recursive: true });
    expect((await ask("/_plugin/later/")).status).toBe(404);
  });

  test("a folder without code and `_site` is served, and not modified", async () => {
    serving.write("plain/index.html", "plain");
    serving.write("plain/.env", secret);
    expect(await read("/_plugin/plain/")).toBe("plain");
    expect((await ask("/_plugin/plain/.env")).status).toBe(404);
    expect(await Bun.file(join(serving.folder, "plain/index.html")).exists()).toBe(true);
  });

  test("a special file does not block a request", async () => {
    const fifo = join(serving.folder, "hello/_site/fifo");
    expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
    symlinkSync("/dev/zero", join(serving.folder, "hello/_site/zero"));
    expect((await ask("/_plugin/hello/fifo")).status).toBe(404);
    expect((await ask("/_plugin/hello/zero")).status).toBe(404);
    expect((await ask("/ping")).status).toBe(200);
  });
});

describe("files outside a site and hidden files are not served:", () => {
  test("(a link inside the site is followed)", async () => {
    expect(await read("/_plugin/hello/in.txt")).toBe("0123456789");
  });

  test.each([
    ".env",
    "%2eenv",
    ".git/config",
    "docs/../.env",
    "out.txt",
    "env.txt",
    "up/secret.txt",
    "loop",
    "../secret.txt",
    "%2e%2e/secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "..\\secret.txt",
    "%252e%252e%252fsecret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%e0%80%ae%e0%80%ae/secret.txt",
    "docs/..%2f..%2fsecret.txt",
    "digits.txt%00.html",
    "digits.txt/",
    "digits.txt/more",
    "a".repeat(300),
    "%",
  ])("%s", async (path) => {
    const { port } = new URL(serving.url);
    const answer = await raw(Number(port), `/_plugin/hello/${path}`);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toContain(secret);
  });

  test("a `_site` that links to another folder", async () => {
    expect((await ask("/_plugin/linked/secret.txt")).status).toBe(404);
  });

  test("a path as the name of a plugin", async () => {
    for (const name of ["..", "%2e%2e", "hello%2f..", ".", "%00", "hello%2f_site"]) {
      const { status } = await ask(`/_plugin/${name}/secret.txt`);
      expect([name, status === 404 || status === 400]).toEqual([name, true]);
    }
  });

  test("any spelling of a path", async () => {
    const spellings = "../. .. . / %2e %2E %2f %5c \\ %00 %25 2e 2f %c0%ae %c0%af ; ? # %u002e % file:";
    const names = "secret.txt hello _site plugins up docs .env env.txt out.txt";
    const part = fc.constantFrom(...`${spellings} ${names}`.split(" "));
    const port = Number(new URL(serving.url).port);
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 9 }), async (parts) => {
        const answer = await raw(port, `/_plugin/hello/${parts.join("")}`);
        expect(answer).toMatch(/^HTTP\/1\.1 \d/);
        expect(answer).not.toContain(secret);
        expect(answer).not.toStartWith("HTTP/1.1 5");
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

describe("GET /_plugin/", () => {
  test("lists plugins, then sites", async () => {
    const list = await json("/_plugin/");
    expect(list).toContainEqual({
      name: "coded",
      version: "1.2",
      description: "has code",
      site: "/_plugin/coded/",
      state: "running",
    });
    expect(list).toContainEqual({
      name: "mute",
      version: "1.2",
      description: "has code",
      site: null,
      state: "running",
    });
    expect(list).toContainEqual({
      name: "hello",
      version: null,
      description: null,
      site: "/_plugin/hello/",
      state: "site",
    });
    expect(list.filter(({ name }) => name === "coded")).toHaveLength(1);
    expect(list.map(({ name }) => name)).not.toContain("linked");
    expect(await json("/_plugin")).toEqual(list);
  });

  test("a plugin has routes and a site", async () => {
    expect(await read("/_plugin/coded/api/hi")).toBe("hi");
    expect(await read("/_plugin/coded/")).toBe("coded");
  });

  test("an unknown plugin is 404, and the message lists the installed plugins", async () => {
    expect(await message("/_plugin/helo/")).toBe("no plugin `helo` is installed; did you mean `hello`?");
    expect(await message("/_plugin/something/")).toMatch(
      /^no plugin `something` is installed; installed plugins: coded, hello, /,
    );
    expect(await message("/_plugin/mute/")).toContain("the plugin `mute` has no site");
    expect(await message("/_plugin/hello/none")).toBe("the site of the plugin `hello` has no such file");
  });
});

test("the example is a site", async () => {
  cpSync(join(import.meta.dir, "../../../examples/plugins/hello"), join(serving.folder, "example"), {
    recursive: true,
  });
  expect(await read("/_plugin/example/")).toContain('<script type="module" src="hello.js">');
  expect((await ask("/_plugin/example/hello.js")).headers.get("content-type")).toStartWith("text/javascript");
  expect((await ask("/_plugin/example/hello.css")).status).toBe(200);
});

/** Requests a path that clients must not normalize. */
async function raw(port: number, path: string): Promise<string> {
  return await converse(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, () => false);
}
