import { Elysia } from "elysia";
import type { RoutePattern } from "../operation/allow.ts";

export interface OpenapiRoutesOptions {
  /** Of gafferd. */
  readonly version: string;
  /** All routes there are; asked when the first client is. */
  readonly routes: () => readonly RoutePattern[];
}

/**
 * `/openapi.json` and `/docs`: what all routes take and answer, for programs and for people. Nothing of it is loaded
 * before the first request; then each is made once, and held as bytes.
 */
export function openapiRoutes({ version, routes }: OpenapiRoutesOptions) {
  let json: Uint8Array<ArrayBuffer> | undefined;
  let page: { readonly bytes: Uint8Array<ArrayBuffer>; readonly policy: string } | undefined;
  return new Elysia({ name: "openapi" })
    .get("/openapi.json", async () => {
      json ??= new TextEncoder().encode(JSON.stringify(await build()));
      return new Response(json, { headers: { "content-type": "application/json" } });
    })
    .get("/docs", async () => {
      page ??= await render();
      return new Response(page.bytes, {
        headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": page.policy },
      });
    });

  async function build() {
    const { buildDocument } = await import("./build.ts");
    return buildDocument(routes(), version);
  }

  async function render() {
    const { renderPage } = await import("./page.ts");
    const { html, policy } = renderPage(await build());
    return { bytes: new TextEncoder().encode(html), policy };
  }
}
