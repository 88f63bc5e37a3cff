import { createHash } from "node:crypto";

/** A registry on the loopback interface that has one package, of two versions. */
export interface TestRegistry extends Disposable {
  readonly url: string;
  /** What it was asked for. */
  readonly asked: string[];
}

/** `integrity` is told instead of the true one. */
export function serveRegistry(name: string, tarball: Uint8Array, integrity = sha512(tarball)): TestRegistry {
  const asked: string[] = [];
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (pathname.endsWith(".tgz")) return new Response(Buffer.from(tarball));
      if (decodeURIComponent(pathname.slice(1)) !== name) return new Response("none", { status: 404 });
      const dist = { tarball: `${server.url}${name}-1.0.0.tgz`, integrity };
      return Response.json({
        name,
        "dist-tags": { latest: "1.0.0", next: "2.0.0-rc.1" },
        versions: { "0.9.0": { dist }, "1.0.0": { dist }, "2.0.0-rc.1": { dist } },
      });
    },
  });
  return { url: server.url.href, asked, [Symbol.dispose]: () => void server.stop(true) };
}

function sha512(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}
