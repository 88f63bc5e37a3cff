import { expect, test } from "bun:test";
import { createService } from "../service.ts";

const service = createService();
const answer = await service.ask("GET", "/docs");
const page = String(answer.body);

test("/docs is a page that loads no other resources", () => {
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(answer.headers.get("content-security-policy")).toStartWith("default-src 'none'; style-src 'sha256-");
  expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b|\ssrc=|@import|url\(/i);
});

test("/docs links only to its own anchors and /openapi.json, and all anchors exist", () => {
  const links = [...page.matchAll(/\shref="([^"]*)"/g)].map(([, href = ""]) => href);
  expect(links.length).toBeGreaterThan(100);
  const places = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map(([, id = ""]) => `#${id}`));
  expect([...new Set(links.filter((href) => !places.has(href)))]).toEqual(["/openapi.json"]);
});

test("/docs shows every operation of the document", async () => {
  const { paths } = (await service.ask("GET", "/openapi.json")).body as { paths: Record<string, object> };
  const text = page.replaceAll(/<[^>]*>/g, "");
  for (const path of Object.keys(paths)) expect(text).toContain(path);
});
