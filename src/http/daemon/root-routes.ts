import { Elysia } from "elysia";

/** `/` and `/ping`: who is there, and whether it answers. */
export function rootRoutes(version: string) {
  return new Elysia({ name: "root" })
    .get("/", () => ({ welcome: "gaffer", version }))
    .get("/ping", () => new Response("OK", { headers: { "content-type": "text/plain; charset=utf-8" } }));
}
