import { Elysia } from "elysia";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { Sampler } from "../process/usage/sampler.ts";
import { type InstalledPlugins, noPlugins } from "../plugin/plugins.ts";
import type { Webhooks } from "../webhook/webhooks.ts";
import type { RoutePattern } from "./operation/allow.ts";
import { connectionOf } from "./listen/connection.ts";
import { corsHeaders } from "./operation/cors.ts";
import { toErrorResponse } from "./operation/error.ts";
import { judgeRequest, type Site } from "./listen/guard.ts";
import { assertDecoded } from "./quirks/decoded-path.ts";
import { answerHead, type Handle } from "./quirks/head.ts";
import { toOwnError } from "./quirks/own-error.ts";
import { answerText, everyAnswer } from "./quirks/json-answer.ts";
import { BundledAssets } from "./plugins/bundled-assets.ts";
import { EncodedFiles } from "./plugins/encoded-files.ts";
import { answerByPlugin } from "./plugins/plugin-request.ts";
import { answerBySite } from "./plugins/site-request.ts";
import { groupRoutes } from "./processes/group-routes.ts";
import { metricsRoutes } from "./metrics/metrics-routes.ts";
import { openapiRoutes } from "./openapi/openapi-routes.ts";
import { pluginRoutes } from "./plugins/plugin-routes.ts";
import { processVerbRoutes } from "./processes/verb-routes.ts";
import { processRoutes } from "./processes/process-routes.ts";
import { type Reload, reloadRoutes } from "./daemon/reload-routes.ts";
import { rootRoutes } from "./daemon/root-routes.ts";
import { statsRoutes } from "./stats/stats-routes.ts";
import { statusRoutes } from "./processes/status-routes.ts";
import { streamRoutes } from "./streams/stream-routes.ts";
import { wstreamRoutes } from "./streams/wstream-routes.ts";
import { watchRoutes } from "./watch/watch-routes.ts";
import { webhookRoutes } from "./webhooks/webhook-routes.ts";
import { compressed } from "./operation/text-answer.ts";
import { answerUnrouted } from "./operation/unrouted.ts";

export interface AppOptions {
  readonly manager: Manager;
  readonly bus: EventBus;
  readonly webhooks: Webhooks;
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
  const {
    manager,
    bus,
    webhooks,
    version,
    corsOrigins,
    reload,
    log,
    plugins = noPlugins,
    sampler = new Sampler(),
  } = options;
  const sites = { plugins, bundledAssets: new BundledAssets(plugins), encodedFiles: new EncodedFiles(), log };
  const app = new Elysia({ name: "gafferd" })
    .headers(everyAnswer)
    .wrap((handle, { method }) => {
      return method === "HEAD" ? (request: Request) => answerHead(request, handle as unknown as Handle) : handle;
    })
    // Written so that Elysia does not wait a turn for it, as `immediate` explains.
    .onRequest(({ request, set }) => {
      const listed = corsOrigins();
      if (listed.length > 0) set.headers["vary"] = "Origin";
      const origin = admit(request, connectionOf(request)?.site, listed);
      if (origin !== undefined) Object.assign(set.headers, corsHeaders(origin));
      let answer: Promise<Response> | undefined;
      if (request.url.includes("/_plugin/")) answer = answerOfPlugin(request, origin !== undefined, varyOf(set));
      return answer;
    })
    .mapResponse(({ responseValue, request, set }) => {
      let answer: Response | Promise<Response> | undefined;
      if (typeof responseValue === "object") answer = answerText(responseValue, set, request);
      return answer as Response | undefined;
    })
    .onTransform(({ params }) => {
      assertDecoded(params);
    })
    .onError(async ({ code, error, request, path, set }) => {
      const isPreflight = "access-control-allow-origin" in set.headers;
      return await compressed(toFailure({ code, error, request, path, isPreflight }), request, varyOf(set));
    })
    .use(rootRoutes({ version, plugins }))
    .use(reloadRoutes(reload))
    .use(processRoutes(manager))
    .use(processVerbRoutes(manager))
    .use(statusRoutes(manager))
    .use(statsRoutes({ manager, bus, log, sampler }))
    .use(groupRoutes(manager))
    .use(streamRoutes({ manager, log }))
    .use(wstreamRoutes(manager))
    .use(watchRoutes({ bus, log }))
    .use(pluginRoutes(plugins))
    .use(webhookRoutes(webhooks))
    .use(metricsRoutes({ manager, bus, webhooks, version, sampler }))
    .use(openapiRoutes({ version, routes: (): readonly RoutePattern[] => app.routes }));
  return app;

  function toFailure({ code, error, request, path, isPreflight }: FailedRequest): Response {
    if (code === "NOT_FOUND") {
      const advice = "GET /docs describes all routes";
      return answerUnrouted(request, { path, routes: app.routes, isPreflight, advice, log });
    }
    return toErrorResponse(toOwnError(code, error), { request, log });
  }

  /** Undefined for a path that is no plugin's. Elysia does not wait for it, so that it must not reject. */
  function answerOfPlugin(request: Request, isPreflight: boolean, vary: string | undefined) {
    const answer = answerByPlugin(request, plugins) ?? answerBySite(request, { ...sites, isPreflight });
    return answer
      ?.catch((error: unknown) => compressed(toErrorResponse(error, { request, log }), request))
      .then((response) => {
        // Elysia leaves out what the answer has itself.
        if (vary !== undefined && response.headers.has("vary")) response.headers.append("vary", vary);
        return response;
      });
  }
}

interface FailedRequest {
  /** Elysia's name for it. */
  readonly code: number | string;
  readonly error: unknown;
  readonly request: Request;
  readonly path: string;
  /** A browser asks for a web page of another origin, which may. */
  readonly isPreflight: boolean;
}

function varyOf({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string | undefined {
  const { vary } = headers;
  return typeof vary === "string" ? vary : undefined;
}

export type HttpApp = ReturnType<typeof createApp>;

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
