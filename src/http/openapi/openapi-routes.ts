import { Elysia } from "elysia";
import type { RoutePattern } from "../operation/allow.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { jsonAnswer } from "../quirks/json-answer.ts";

export interface OpenapiRoutesOptions {
  /** Of gafferd. */
  readonly version: string;
  /** All routes there are; asked when the first client is. */
  readonly routes: () => readonly RoutePattern[];
}

/**
 * `/openapi.json` and `/docs`: what all routes take and answer, for programs and for people. Nothing of it is loaded
 * before the first request; then each is made once, and kept.
 */
export function openapiRoutes({ version, routes }: OpenapiRoutesOptions) {
  let json: TextAnswer | undefined;
  let page: TextAnswer | undefined;
  return new Elysia({ name: "openapi" })
    .get("/openapi.json", async () => (json ??= jsonAnswer(await build())))
    .get("/docs", async () => (page ??= await render()));

  async function build() {
    const { buildDocument } = await import("./build.ts");
    return buildDocument(routes(), version);
  }

  async function render() {
    const { renderPage } = await import("./page.ts");
    const { html, policy } = renderPage(await build());
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
    return new TextAnswer(new TextEncoder().encode(html), { headers });
  }
}
