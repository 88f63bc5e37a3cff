import { Elysia } from "elysia";
import { finishInSlices, whenTimeIsLeft } from "../../slices.ts";
import type { RoutePattern } from "../operation/allow.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { longJsonAnswer } from "../quirks/json-answer.ts";

export interface OpenapiRoutesOptions {
  /** The version of gafferd. */
  readonly version: string;
  /** Returns all routes. Called on the first request. */
  readonly routes: () => readonly RoutePattern[];
}

/**
 * `/openapi.json` and `/docs`: the description of all routes, for programs and for people. The code is loaded on the first
 * request; each response is built once and cached.
 */
export function openapiRoutes({ version, routes }: OpenapiRoutesOptions) {
  let json: TextAnswer | undefined;
  let page: TextAnswer | undefined;
  return new Elysia({ name: "openapi" })
    .get("/openapi.json", async () => (json ??= await longJsonAnswer(await build())))
    .get("/docs", async () => (page ??= await render()));

  async function build() {
    const { buildDocument } = await whenTimeIsLeft(() => import("./build.ts"));
    return await finishInSlices(buildDocument(routes(), version));
  }

  async function render() {
    const { renderPage } = await whenTimeIsLeft(() => import("./page.ts"));
    const document = await build();
    const { html, policy } = await finishInSlices(renderPage(document));
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
    return new TextAnswer(new TextEncoder().encode(html), { headers });
  }
}
