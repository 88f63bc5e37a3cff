import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { preflightHeaders } from "./cors.ts";
import { toErrorResponse } from "./error.ts";
import { methodsOf, type RoutePattern } from "./allow.ts";
import { adviseRoute } from "./nearest-route.ts";

export interface UnroutedOptions {
  /** The path of the URL. */
  readonly path: string;
  /** All routes. */
  readonly routes: readonly RoutePattern[];
  /** Whether to answer `OPTIONS` as a CORS preflight request from an allowed origin. */
  readonly isPreflight: boolean;
  /** The end of the message if there is no route: what to do. */
  readonly advice: string;
  readonly log: Logger;
}

const maxShownCharacters = 100;

/** Answers requests without a route: `OPTIONS` of a known path, an unsupported method, an unknown path. */
export function answerUnrouted(request: Request, options: UnroutedOptions): Response {
  const { path, routes, isPreflight, advice, log } = options;
  const { method } = request;
  const methods = methodsOf(path, routes);
  if (methods.length === 0 || (methods.includes(method) && method !== "OPTIONS")) {
    const shown = path.length > maxShownCharacters ? `${path.slice(0, maxShownCharacters)}…` : path;
    const near = adviseRoute(method, path, routes);
    const separator = near?.endsWith("?") ? " " : "; ";
    const message = `there is no route \`${method} ${shown}\`; ${near === undefined ? "" : near + separator}${advice}`;
    return toErrorResponse(new GafferdError("resource_not_found", message), { request, log });
  }
  const allow = methods.join(", ");
  if (method === "OPTIONS") {
    return new Response(null, { status: 204, headers: { allow, ...(isPreflight ? preflightHeaders(methods) : {}) } });
  }
  const error = new GafferdError("method_not_allowed", `this path does not support ${method}; use one of ${allow}`);
  const response = toErrorResponse(error, { request, log });
  response.headers.set("allow", allow);
  return response;
}
