import { join } from "node:path";
import type { AnyElysia } from "elysia";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { dashboardName, dashboardPath } from "../../plugin/site/dashboard.ts";
import { siteIn } from "../../plugin/site/find-site.ts";
import { acceptedEncoding, isText } from "../operation/encoding.ts";
import { TextAnswer } from "../operation/text-answer.ts";

const folderName = "assets";

const headers = {
  // The name contains a hash of the content.
  "cache-control": "public, max-age=31536000, immutable",
  vary: "Accept-Encoding",
};

/**
 * The scripts and styles of the dashboard that ships with gafferd: `/_plugin/dashboard/assets/[name]-[hash].[ext]`.
 * `@elysiajs/static` (1.4.10) serves them: it creates one route per file when it is mounted, which works because these files
 * never change. It does not compress; this class does.
 */
export class BundledAssets {
  readonly #plugins: InstalledPlugins;
  readonly #mounted = new PromiseCache<AnyElysia>();
  /** By path; at most one entry per file of the dashboard. */
  readonly #texts = new PromiseCache<TextAnswer>();

  constructor(plugins: InstalledPlugins) {
    this.#plugins = plugins;
  }

  /** Whether a file of a site is a bundled asset. The caller checks that the file exists. */
  async has(site: string, names: readonly string[]): Promise<boolean> {
    return names[0] === folderName && site === (await this.#site());
  }

  /** Undefined for a file that was added later; the caller serves it like a file of any other site. */
  async answer(request: Request): Promise<Response | undefined> {
    const app = await this.#mounted.get("", () => this.#mount());
    const response = (await app.handle(request)) as Response;
    if (response.status !== 200) return undefined;
    const isPlain = request.headers.has("range") || !isText(response.headers.get("content-type") ?? "");
    if (isPlain || acceptedEncoding(request) === undefined) return response;
    const { pathname } = new URL(request.url);
    return await (await this.#texts.get(pathname, () => TextAnswer.of(response))).toResponse(request);
  }

  async #mount(): Promise<AnyElysia> {
    const { staticPlugin } = await import("@elysiajs/static");
    return await staticPlugin({
      assets: join((await this.#site()) ?? "", folderName),
      prefix: `${dashboardPath}${folderName}`,
      alwaysStatic: true,
      etag: false,
      indexHTML: false,
      ignorePatterns: [],
      silent: true,
      headers,
    });
  }

  /** The real path of the bundled dashboard's site. */
  async #site(): Promise<string | undefined> {
    const root = this.#plugins.roots.find(({ bundled }) => bundled);
    if (root === undefined) return undefined;
    return await siteIn(join(root.folder, dashboardName));
  }
}

/** Caches one promise per key, created on first use. A rejected promise is removed. */
class PromiseCache<Value> {
  readonly #promises = new Map<string, Promise<Value>>();

  get(key: string, create: () => Promise<Value>): Promise<Value> {
    let promise = this.#promises.get(key);
    if (promise === undefined) {
      promise = create();
      this.#promises.set(key, promise);
      promise.catch(() => this.#promises.delete(key));
    }
    return promise;
  }
}
