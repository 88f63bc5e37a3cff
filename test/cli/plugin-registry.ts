import { createHash } from "node:crypto";

/** A registry on the loopback interface that has one package, of two versions. */
export interface TestRegistry extends Disposable {
  readonly url: string;
  /** The paths of the requests. */
  readonly asked: string[];
  /** The `authorization` of each request. */
  readonly authorizations: (string | null)[];
}

export interface TestRegistryOptions {
  /** Sent instead of the correct hash. */
  readonly integrity?: string;
  /** Answers 401 to requests without it. */
  readonly token?: string;
  /** Redirects requests for the tarball to this URL. */
  readonly tarballsAt?: string;
}

export function serveRegistry(name: string, tarball: Uint8Array, options: TestRegistryOptions = {}): TestRegistry {
  const { integrity = sha512(tarball), token, tarballsAt } = options;
  const asked: string[] = [];
  const authorizations: (string | null)[] = [];
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const authorization = request.headers.get("authorization");
      authorizations.push(authorization);
      if (token !== undefined && authorization !== `Bearer ${token}`) return new Response("no", { status: 401 });
      if (pathname.endsWith(".tgz") && tarballsAt !== undefined)
        return Response.redirect(tarballsAt + pathname.slice(1));
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
  return { url: server.url.href, asked, authorizations, [Symbol.dispose]: () => void server.stop(true) };
}

function sha512(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}
