import { Elysia } from "elysia";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { Journal } from "../journal/journal.ts";
import { Leases } from "../leases/leases.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { Sampler } from "../process/usage/sampler.ts";
import { type InstalledPlugins, noPlugins } from "../plugin/plugins.ts";
import type { Runs } from "../runs/runs.ts";
import type { Webhooks } from "../webhook/webhooks.ts";
import type { RoutePattern } from "./operation/allow.ts";
import { connectionOf } from "./listen/connection.ts";
import { corsHeaders } from "./operation/cors.ts";
import { toErrorResponse } from "./operation/error.ts";
import { judgeRequest, type Site } from "./listen/guard.ts";
import { assertDecoded } from "./quirks/decoded-path.ts";
import { answerHead, type Handle } from "./quirks/head.ts";
import { toGafferdError } from "./quirks/gafferd-error.ts";
import { answerText, commonHeaders } from "./quirks/json-answer.ts";
import { BundledAssets } from "./plugins/bundled-assets.ts";
import { EncodedFiles } from "./plugins/encoded-files.ts";
import { answerByPlugin } from "./plugins/plugin-request.ts";
import { answerBySite } from "./plugins/site-request.ts";
import { logRoutes } from "./logs/log-routes.ts";
import { groupRoutes } from "./processes/group-routes.ts";
import { leaseRoutes } from "./leases/lease-routes.ts";
import { metricsRoutes } from "./metrics/metrics-routes.ts";
import { openapiRoutes } from "./openapi/openapi-routes.ts";
import { pluginRoutes } from "./plugins/plugin-routes.ts";
import { actionRoutes } from "./processes/action-routes.ts";
import { historyRoutes } from "./processes/history-routes.ts";
import { processRoutes } from "./processes/process-routes.ts";
import { type Reload, reloadRoutes } from "./daemon/reload-routes.ts";
import { rootRoutes } from "./daemon/root-routes.ts";
import { statsRoutes } from "./stats/stats-routes.ts";
import { statusRoutes } from "./processes/status-routes.ts";
import { runRoutes } from "./runs/run-routes.ts";
import { OutputAnswers } from "./streams/output-answers.ts";
import { stdinRoutes } from "./streams/stdin-routes.ts";
import { streamRoutes } from "./streams/stream-routes.ts";
import { wstreamRoutes } from "./streams/wstream-routes.ts";
import { watchRoutes } from "./watch/watch-routes.ts";
import { webhookRoutes } from "./webhooks/webhook-routes.ts";
import { compressed } from "./operation/text-answer.ts";
import { answerUnrouted } from "./operation/unrouted.ts";

export interface AppOptions {
  readonly manager: Manager;
  readonly bus: EventBus;
  readonly runs: Runs;
  readonly webhooks: Webhooks;
  /** The version of gafferd. */
  readonly version: string;
  /** Returns the allowed origins of web pages. Called for each request. */
  readonly corsOrigins: () => readonly string[];
  readonly reload: Reload;
  readonly log: Logger;
  /** Default: no output is kept on disk. */
  readonly journal?: Journal;
  /** Default: leases that nothing has. */
  readonly leases?: Leases;
  /** Default: no plugins. */
  readonly plugins?: InstalledPlugins;
  /** Default: a new sampler. */
  readonly sampler?: Sampler;
}

/**
 * Creates the app with all routes, access checks, `HEAD`, `OPTIONS` and error responses. `openEndpoints` makes it
 * reachable. `app.handle(new Request(…))` calls it directly, without access checks.
 */
export function createApp(options: AppOptions) {
  // Statistics and metrics share the sampler, so that requests at the same time share a sample.
  const {
    manager,
    bus,
    runs,
    webhooks,
    version,
    corsOrigins,
    reload,
    log,
    journal,
    leases = new Leases({ log }),
    plugins = noPlugins,
    sampler = new Sampler(),
  } = options;
  const sites = { plugins, bundledAssets: new BundledAssets(plugins), encodedFiles: new EncodedFiles(), log };
  const outputs = new OutputAnswers({ journal, leases, log });
  const app = new Elysia({ name: "gafferd" })
    .headers(commonHeaders)
    .wrap((handle, { method }) => {
      return method === "HEAD" ? (request: Request) => answerHead(request, handle as unknown as Handle) : handle;
    })
    // Written so that Elysia does not await the result; `immediate` explains why.
    .onRequest(({ request, set }) => {
      const listed = corsOrigins();
      if (listed.length > 0) set.headers["vary"] = "Origin";
      const origin = checkAccess(request, connectionOf(request)?.site, listed);
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
      return await compressed(toErrorAnswer({ code, error, request, path, isPreflight }), request, varyOf(set));
    })
    .use(rootRoutes({ version, plugins }))
    .use(reloadRoutes(reload))
    .use(processRoutes(manager))
    .use(historyRoutes(manager))
    .use(actionRoutes(manager))
    .use(statusRoutes(manager))
    .use(statsRoutes({ manager, bus, leases, log, sampler }))
    .use(groupRoutes(manager))
    .use(streamRoutes({ manager, outputs }))
    .use(stdinRoutes(manager))
    .use(wstreamRoutes({ manager, journal, leases, log }))
    .use(runRoutes({ runs, outputs, leases }))
    .use(logRoutes({ manager, bus, journal, leases, log }))
    .use(watchRoutes({ bus, leases, log }))
    .use(pluginRoutes(plugins))
    .use(leaseRoutes(leases))
    .use(webhookRoutes(webhooks))
    .use(metricsRoutes({ manager, bus, runs, webhooks, journal, leases, version, sampler }))
    .use(openapiRoutes({ version, routes: (): readonly RoutePattern[] => app.routes }));
  return app;

  function toErrorAnswer({ code, error, request, path, isPreflight }: FailedRequest): Response {
    if (code === "NOT_FOUND") {
      const advice = "GET /docs describes all routes";
      return answerUnrouted(request, { path, routes: app.routes, isPreflight, advice, log });
    }
    return toErrorResponse(toGafferdError(code, error), { request, log });
  }

  /** Undefined if the path does not belong to a plugin. Must not reject, because Elysia does not await it. */
  function answerOfPlugin(request: Request, isPreflight: boolean, vary: string | undefined) {
    const answer = answerByPlugin(request, plugins) ?? answerBySite(request, { ...sites, isPreflight });
    return answer
      ?.catch((error: unknown) => compressed(toErrorResponse(error, { request, log }), request))
      .then((response) => {
        // Elysia does not add headers that the response already has.
        if (vary !== undefined && response.headers.has("vary")) response.headers.append("vary", vary);
        return response;
      });
  }
}

interface FailedRequest {
  /** Elysia's error code. */
  readonly code: number | string;
  readonly error: unknown;
  readonly request: Request;
  readonly path: string;
  /** Whether to answer `OPTIONS` as a CORS preflight request from an allowed origin. */
  readonly isPreflight: boolean;
}

function varyOf({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string | undefined {
  const { vary } = headers;
  return typeof vary === "string" ? vary : undefined;
}

export type HttpApp = ReturnType<typeof createApp>;

/** Checks access. Returns the origin of the web page if it is one of `corsOrigins`. Throws `forbidden`. */
function checkAccess(request: Request, site: Site | undefined, corsOrigins: readonly string[]): string | undefined {
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
