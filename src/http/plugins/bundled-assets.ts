import { join } from "node:path";
import type { AnyElysia } from "elysia";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { dashboardName, dashboardPath } from "../../plugin/site/dashboard.ts";
import { siteIn } from "../../plugin/site/find-site.ts";
import { acceptedEncoding, isText } from "../operation/encoding.ts";
import { TextAnswer } from "../operation/text-answer.ts";

const folderName = "assets";

const headers = {
  // A file with other content has another name.
  "cache-control": "public, max-age=31536000, immutable",
  vary: "Accept-Encoding",
};

/**
 * The scripts and styles of the dashboard that ships with gafferd: `/_plugin/dashboard/assets/[name]-[hash].[ext]`.
 * `@elysiajs/static` (1.4.10) serves them. It makes one route for each file when it is mounted, which is right for files
 * that never change. It does not compress; that is done here.
 */
export class BundledAssets {
  readonly #plugins: InstalledPlugins;
  readonly #mounted = new OnceEach<AnyElysia>();
  /** By path; at most one for each file of the dashboard. */
  readonly #texts = new OnceEach<TextAnswer>();

  constructor(plugins: InstalledPlugins) {
    this.#plugins = plugins;
  }

  /** Whether a file of a site is one of them. The caller checks that the file exists. */
  async has(site: string, names: readonly string[]): Promise<boolean> {
    return names[0] === folderName && site === (await this.#site());
  }

  /** Undefined for a file that was added later; it is to be served like a file of any other site. */
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

  /** The site of the dashboard that ships with gafferd, absolute and free of links. */
  async #site(): Promise<string | undefined> {
    const root = this.#plugins.roots.find(({ bundled }) => bundled);
    if (root === undefined) return undefined;
    return await siteIn(join(root.folder, dashboardName));
  }
}

/** Values that are made once for each key, on first use. One that failed is made again. */
class OnceEach<Value> {
  readonly #made = new Map<string, Promise<Value>>();

  get(key: string, make: () => Promise<Value>): Promise<Value> {
    let made = this.#made.get(key);
    if (made === undefined) {
      made = make();
      this.#made.set(key, made);
      made.catch(() => this.#made.delete(key));
    }
    return made;
  }
}
