import { GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { preflightHeaders } from "./cors.ts";
import { toErrorResponse } from "./error.ts";

export interface UnroutedOptions {
  /** What the path takes, `OPTIONS` included; empty for a path that nothing has. */
  readonly methods: readonly string[];
  /** A browser asks for a web page of another origin, which may. */
  readonly isPreflight: boolean;
  /** Where to begin instead. */
  readonly advice: string;
  readonly log: Logger;
}

/** What no route takes: `OPTIONS` of a known path, a wrong method, an unknown path. */
export function answerUnrouted(request: Request, { methods, isPreflight, advice, log }: UnroutedOptions): Response {
  const { method } = request;
  if (methods.length === 0 || (methods.includes(method) && method !== "OPTIONS")) {
    const error = new GafferdError("resource_not_found", `nothing has this path; ${advice}`);
    return toErrorResponse(error, { request, log });
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
