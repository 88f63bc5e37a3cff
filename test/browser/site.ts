import { afterAll } from "bun:test";

/** A web site of empty pages on its own origin, for all tests of a file. The origin of `/sandboxed` is `null`. */
export function useSite(): { readonly origin: string } {
  const sandbox = { "content-security-policy": "sandbox allow-scripts allow-forms" };
  const page = `<!doctype html><html lang="en"><link rel="icon" href="data:," /><title>A page</title></html>`;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      const policy = new URL(url).pathname === "/sandboxed" ? sandbox : {};
      return new Response(page, { headers: { "content-type": "text/html; charset=utf-8", ...policy } });
    },
  });
  afterAll(() => server.stop(true));
  return { origin: server.url.origin };
}
