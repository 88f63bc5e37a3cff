import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { findEntry } from "../../plugin/site/find-file.ts";
import { findSite, listSites } from "../../plugin/site/find-site.ts";
import { parseSitePath, type SitePath } from "../../plugin/site/site-path.ts";
import { suggestion } from "../../suggestion.ts";
import { answerFile } from "./site-file.ts";
import { answerUnrouted } from "../operation/unrouted.ts";

export interface SiteRequestOptions {
  readonly plugins: InstalledPlugins;
  /** A browser asks for a web page of another origin, which may. */
  readonly isPreflight: boolean;
  readonly log: Logger;
}

const routes = [{ method: "GET", path: "/_plugin/*" }];

/**
 * The answer of a plugin's site; undefined for a request that is not below `/_plugin/`. Rejects with `not_found` for a plugin
 * that is not there, `resource_not_found` for a file.
 *
 * Not by `@elysiajs/static` (1.4.10), which would have to be one plugin for each site, made anew whenever one comes: it
 * lists a site's pages when it is made, so that later ones are 404; it keeps answers by path, so that an edited file has
 * its old ETag; `If-None-Match` alone never gets a 304; it follows links out of the folder and serves hidden files;
 * names with spaces are 404 without `decodeURI`, and with it `..%2f` leads out. With a path that was checked before, all
 * that is left for it to do is `new Response(Bun.file(path))`.
 */
export function answerBySite(request: Request, options: SiteRequestOptions): Promise<Response> | undefined {
  const path = parseSitePath(request.url);
  return path === undefined ? undefined : answer(request, path, options);
}

async function answer(
  request: Request,
  path: SitePath,
  { plugins, isPreflight, log }: SiteRequestOptions,
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
  if (entry?.kind === "file") return answerFile(request, entry);
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
