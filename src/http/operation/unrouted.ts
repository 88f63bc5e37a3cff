import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { preflightHeaders } from "./cors.ts";
import { toErrorResponse } from "./error.ts";
import { methodsOf, type RoutePattern } from "./allow.ts";
import { adviseRoute } from "./nearest-route.ts";

export interface UnroutedOptions {
  /** Of the URL. */
  readonly path: string;
  /** All there are. */
  readonly routes: readonly RoutePattern[];
  /** A browser asks for a web page of another origin, which may. */
  readonly isPreflight: boolean;
  /** What to do when there is no route: ends the message. */
  readonly advice: string;
  readonly log: Logger;
}

const maxShownCharacters = 100;

/** What no route takes: `OPTIONS` of a known path, a wrong method, an unknown path. */
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
  const error = new GafferdError("method_not_allowed", `this path does not take ${method}; it takes ${allow}`);
  const response = toErrorResponse(error, { request, log });
  response.headers.set("allow", allow);
  return response;
}
