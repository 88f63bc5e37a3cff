import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { findEntry } from "../../plugin/site/find-file.ts";
import { findSite, listSites } from "../../plugin/site/find-site.ts";
import { parseSitePath, type SitePath } from "../../plugin/site/site-path.ts";
import { suggestion } from "../../suggestion.ts";
import type { BundledAssets } from "./bundled-assets.ts";
import type { EncodedFiles } from "./encoded-files.ts";
import { answerFile } from "./site-file.ts";
import { answerUnrouted } from "../operation/unrouted.ts";

export interface SiteRequestOptions {
  readonly plugins: InstalledPlugins;
  readonly bundledAssets: BundledAssets;
  readonly encodedFiles: EncodedFiles;
  /** A browser asks for a web page of another origin, which may. */
  readonly isPreflight: boolean;
  readonly log: Logger;
}

const routes = [{ method: "GET", path: "/_plugin/*" }];

/**
 * The answer of a plugin's site; undefined for a request that is not below `/_plugin/`. Rejects with `not_found` for a plugin
 * that is not there, `resource_not_found` for a file.
 *
 * A site is live: its files may come, change and go at any time. `@elysiajs/static` (1.4.10) is right for the assets of
 * the dashboard that ships with gafferd alone, see `BundledAssets`. With `alwaysStatic` it knows only the files that were
 * there when it was made, and after an edit or a deletion answers 206 cut short or 500. Without, it serves hidden files
 * and links out of the folder, has 404 for names with spaces, or with `decodeURI` is led out by `..%2f`, and answers
 * `If-None-Match` with 200 once it has a file in its cache. Either way, pages are those there were when it was made.
 */
export function answerBySite(request: Request, options: SiteRequestOptions): Promise<Response> | undefined {
  const path = parseSitePath(request.url);
  return path === undefined ? undefined : answer(request, path, options);
}

async function answer(
  request: Request,
  path: SitePath,
  { plugins, bundledAssets, encodedFiles, isPreflight, log }: SiteRequestOptions,
): Promise<Response> {
  const site = await findSite(plugins, path.name);
  if (site === undefined) throw await absence(path, plugins);
  if (request.method !== "GET") {
    const advice = "the files of a site can only be read";
    return answerUnrouted(request, { path: new URL(request.url).pathname, routes, isPreflight, advice, log });
  }
  if (path.isBare) return redirect(path.withSlash);
  const entry =
    path.segments && (await findEntry(site, path.isFolder ? [...path.segments, "index.html"] : path.segments));
  if (entry?.kind === "file") {
    const isAsset = await bundledAssets.has(site, path.segments ?? []);
    return (
      (isAsset ? await bundledAssets.answer(request) : undefined) ?? (await answerFile(request, entry, encodedFiles))
    );
  }
  if (entry?.kind === "folder" && !path.isFolder) return redirect(path.withSlash);
  throw new GafferdError("resource_not_found", `the site of the plugin \`${path.name}\` has no such file`);
}

/** Relative, so that it holds behind a proxy that serves us below a path of its own. */
function redirect(location: string): Response {
  return new Response(null, { status: 308, headers: { location } });
}

async function absence({ name }: SitePath, plugins: InstalledPlugins): Promise<GafferdError> {
  if (plugins.find(name) !== undefined) {
    return new GafferdError("resource_not_found", `the plugin \`${name}\` has no site, and nothing else has this path`);
  }
  const names = [...new Set([...plugins.list().map((each) => each.name), ...(await listSites(plugins))])].toSorted();
  const near = suggestion(name, names) || `; there are ${names.join(", ") || "none"}`;
  return new GafferdError("not_found", `no plugin \`${name}\` is installed${near}`);
}
