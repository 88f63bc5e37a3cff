import { Elysia } from "elysia";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { Sampler } from "../manager/sampler.ts";
import { type InstalledPlugins, noPlugins } from "../plugin/plugins.ts";
import { methodsOf, type RoutePattern } from "./allow.ts";
import { connectionOf, keepOpen } from "./connection.ts";
import { corsHeaders } from "./cors.ts";
import { toErrorResponse } from "./error.ts";
import { judgeRequest, type Site } from "./guard.ts";
import { answerHead } from "./head.ts";
import { answerByPlugin } from "./plugin-request.ts";
import { answerBySite } from "./site-request.ts";
import { groupRoutes } from "./routes/groups.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { openapiRoutes } from "./routes/openapi.ts";
import { pluginRoutes } from "./routes/plugins.ts";
import { processVerbRoutes } from "./routes/process-verbs.ts";
import { processRoutes } from "./routes/processes.ts";
import { type Reload, reloadRoutes } from "./routes/reload.ts";
import { rootRoutes } from "./routes/root.ts";
import { statsRoutes } from "./routes/stats.ts";
import { statusRoutes } from "./routes/status.ts";
import { streamRoutes } from "./routes/streams.ts";
import { wstreamRoutes } from "./routes/wstreams.ts";
import { watchRoutes } from "./routes/watch.ts";
import { answerUnrouted } from "./unrouted.ts";

export interface AppOptions {
  readonly manager: Manager;
  readonly bus: EventBus;
  /** Of gafferd, as `GET /` tells it. */
  readonly version: string;
  /** Origins of the web pages that may call; asked at each request. */
  readonly corsOrigins: () => readonly string[];
  readonly reload: Reload;
  readonly log: Logger;
  /** Default: none. */
  readonly plugins?: InstalledPlugins;
  /** Default: one of its own. */
  readonly sampler?: Sampler;
}

/**
 * All routes, and what holds for each: who may ask, which methods there are, and how a failure looks. `openEndpoints`
 * makes it reachable; `app.handle(new Request(…))` asks it directly, and is let in always.
 */
export function createApp(options: AppOptions) {
  // Who asks for statistics and who scrapes metrics in the same moment share a reading.
  const { manager, bus, version, corsOrigins, reload, log, plugins = noPlugins, sampler = new Sampler() } = options;
  const everyAnswer: Readonly<Record<string, string>> = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  const app = new Elysia({ name: "gafferd" })
    .onRequest(({ request, set }) => {
      Object.assign(set.headers, everyAnswer);
      const listed = corsOrigins();
      if (listed.length > 0) set.headers["vary"] = "Origin";
      const origin = admit(request, connectionOf(request)?.site, listed);
      if (origin !== undefined) Object.assign(set.headers, corsHeaders(origin));
    })
    .onRequest(async ({ request }): Promise<Response | undefined> => {
      if (request.method !== "HEAD") return undefined;
      return await answerHead(request, (get): Promise<Response> => app.handle(get));
    })
    .onRequest(({ request }) => answerByPlugin(request, plugins))
    .onRequest(({ request, set }) =>
      answerBySite(request, { plugins, isPreflight: "access-control-allow-origin" in set.headers, log }),
    )
    .onTransform(({ params }) => assertDecoded(params))
    .onError(({ code, error, request, path, set }) => {
      if (code === "NOT_FOUND") {
        const isPreflight = "access-control-allow-origin" in set.headers;
        const advice = "GET / and /processes are where to begin";
        return answerUnrouted(request, { methods: methodsOf(path, app.routes), isPreflight, advice, log });
      }
      if (code === "PARSE" || code === "VALIDATION") {
        const reason = new GafferdError("bad_value", "the request is not what this path takes", { cause: error });
        return toErrorResponse(reason, { request, log });
      }
      return toErrorResponse(error, { request, log });
    })
    .use(rootRoutes(version))
    .use(reloadRoutes(reload))
    .use(processRoutes(manager))
    .use(processVerbRoutes(manager))
    .use(statusRoutes(manager))
    .use(statsRoutes({ manager, bus, log, keepOpen, sampler }))
    .use(groupRoutes(manager))
    .use(streamRoutes({ manager, log, keepOpen }))
    .use(wstreamRoutes(manager))
    .use(watchRoutes({ bus, keepOpen }))
    .use(pluginRoutes(plugins))
    .use(metricsRoutes({ manager, bus, version, sampler }))
    .use(openapiRoutes({ version, routes: (): readonly RoutePattern[] => app.routes }));
  return app;
}

export type App = ReturnType<typeof createApp>;

/** The origin of the web page that asks, if it is one of `corsOrigins`. Throws `forbidden`. */
function admit(request: Request, site: Site | undefined, corsOrigins: readonly string[]): string | undefined {
  if (site === undefined) return undefined;
  const { headers } = request;
  const verdict = judgeRequest(
    { host: headers.get("host"), origin: headers.get("origin"), fetchSite: headers.get("sec-fetch-site") },
    site,
    corsOrigins,
  );
  if (verdict.kind === "refused") throw new GafferdError("forbidden", verdict.message);
  return verdict.kind === "listed" ? verdict.origin : undefined;
}

/** Elysia gives `null` for a part of the path that cannot be decoded. */
function assertDecoded(params: Readonly<Record<string, string | null>> | undefined): void {
  for (const [field, value] of Object.entries(params ?? {})) {
    if (value !== null) continue;
    throw new GafferdError("bad_value", `the path's \`${field}\` must be UTF-8, percent-encoded where it must be`, {
      field,
    });
  }
}
