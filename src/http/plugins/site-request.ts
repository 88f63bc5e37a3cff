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
  /** Whether to answer `OPTIONS` as a CORS preflight request from an allowed origin. */
  readonly isPreflight: boolean;
  readonly log: Logger;
}

const routes = [{ method: "GET", path: "/_plugin/*" }];

/**
 * Answers with a file of a plugin's site; undefined for requests that are not below `/_plugin/`. Rejects with `not_found` if
 * the plugin does not exist, or `resource_not_found` if the file does not.
 *
 * The files of a site may be added, changed and deleted at any time. `@elysiajs/static` (1.4.10) works only for the assets of
 * the bundled dashboard (see `BundledAssets`). With `alwaysStatic`, it knows only the files that existed when it was created;
 * after an edit or a deletion it sends a truncated 206 or a 500. Without `alwaysStatic`, it serves hidden files and links
 * that leave the folder, returns 404 for names with spaces (or with `decodeURI`, `..%2f` leaves the folder), and answers
 * `If-None-Match` with 200 once a file is in its cache. In both cases, HTML pages stay as they were when it was created.
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
  if (site === undefined) throw await notInstalled(path, plugins);
  if (request.method !== "GET") {
    const advice = "the files of a site are read-only";
    return answerUnrouted(request, { path: new URL(request.url).pathname, routes, isPreflight, advice, log });
  }
  if (path.isBare) return redirect(path.withSlash);
  const entry =
    path.segments && (await findEntry(site, path.isFolder ? [...path.segments, "index.html"] : path.segments));
  if (entry?.kind === "file") {
    try {
      const isAsset = await bundledAssets.has(site, path.segments ?? []);
      const asset = isAsset ? await bundledAssets.answer(request) : undefined;
      if (asset === undefined) return await answerFile(request, entry, encodedFiles);
      entry.close();
      return asset;
    } catch (error) {
      entry.close();
      throw error;
    }
  }
  if (entry?.kind === "folder" && !path.isFolder) return redirect(path.withSlash);
  throw new GafferdError("resource_not_found", `the site of the plugin \`${path.name}\` has no such file`);
}

/** The location is relative, so that it also works behind a proxy that adds a path prefix. */
function redirect(location: string): Response {
  return new Response(null, { status: 308, headers: { location } });
}

async function notInstalled({ name }: SitePath, plugins: InstalledPlugins): Promise<GafferdError> {
  if (plugins.find(name) !== undefined) {
    return new GafferdError("resource_not_found", `the plugin \`${name}\` has no site, and no route has this path`);
  }
  const names = [...new Set([...plugins.list().map((each) => each.name), ...(await listSites(plugins))])].toSorted();
  const near = suggestion(name, names) || `; installed plugins: ${names.join(", ") || "none"}`;
  return new GafferdError("not_found", `no plugin \`${name}\` is installed${near}`);
}
