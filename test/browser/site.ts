import { afterAll } from "bun:test";

/** A web site of a single empty page, on an origin of its own, for all tests of a file. */
export function useSite(): { readonly origin: string } {
  const headers = { "content-type": "text/html; charset=utf-8" };
  const page = `<!doctype html><html lang="en"><link rel="icon" href="data:," /><title>A page</title></html>`;
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(page, { headers }) });
  afterAll(() => server.stop(true));
  return { origin: server.url.origin };
}
