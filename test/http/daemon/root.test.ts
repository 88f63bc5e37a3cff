import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { type PluginServing, servePlugins } from "../plugins/plugin-folder.ts";

let serving: PluginServing;
let bare: PluginServing;
beforeAll(async () => {
  serving = await servePlugins({ "dashboard/_site/index.html": "the dashboard" });
  bare = await servePlugins();
});
afterAll(async () => {
  await serving[Symbol.asyncDispose]();
  await bare[Symbol.asyncDispose]();
});

const chrome =
  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
const ask = (url: string, accept: string, method = "GET") =>
  fetch(`${url}/`, { method, redirect: "manual", headers: { accept } });

describe("GET /", () => {
  test.each([
    ["Chrome", chrome],
    ["Firefox", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
    ["a browser that accepts only XHTML", "application/xhtml+xml"],
    ["a browser that sends capitals and a weight", "Text/HTML ; q=0.5, */*;q=0.1"],
    ["HTML as good as JSON", "application/json, text/html"],
  ])("redirects %s to the dashboard", async (_, accept) => {
    for (const method of ["GET", "HEAD"]) {
      const answer = await ask(serving.url, accept, method);
      expect([answer.status, answer.headers.get("location"), answer.headers.get("vary")]).toEqual([
        302,
        "./_plugin/dashboard/",
        "Accept",
      ]);
    }
    expect(await (await fetch(`${serving.url}/`, { headers: { accept } })).text()).toBe("the dashboard");
  });

  test.each([
    ["curl", "*/*"],
    ["a client that asks for JSON", "application/json"],
    ["one that prefers JSON", "application/json, text/html;q=0.9"],
    ["one that rejects HTML", "text/html;q=0, */*"],
    ["one with an invalid weight", "text/html;q=much"],
    ["one that accepts any text", "text/*"],
    ["one with an empty Accept header", ""],
  ])("sends %s JSON with links", async (_, accept) => {
    const answer = await ask(serving.url, accept);
    expect([answer.status, answer.headers.get("vary")]).toEqual([200, "Accept"]);
    const body = (await answer.json()) as Record<string, string>;
    expect(body).toEqual({
      welcome: "gaffer",
      version: "0.0.0-test",
      docs: "/docs",
      openapi: "/openapi.json",
      dashboard: "/_plugin/dashboard/",
    });
    for (const link of ["docs", "openapi", "dashboard"]) {
      expect((await fetch(`${serving.url}${body[link]}`)).status).toBe(200);
    }
  });

  test("sends JSON to browsers too if no dashboard is installed", async () => {
    const answer = await ask(bare.url, chrome);
    expect([answer.status, await answer.json()]).toMatchObject([200, { welcome: "gaffer", dashboard: null }]);
  });

  test("notices when a dashboard is added or removed", async () => {
    await using changing = await servePlugins();
    expect((await ask(changing.url, chrome)).status).toBe(200);
    const page = changing.write("dashboard/_site/index.html", "new");
    expect((await ask(changing.url, chrome)).status).toBe(302);
    rmSync(page);
    expect((await ask(changing.url, chrome)).status).toBe(200);
  });
});
