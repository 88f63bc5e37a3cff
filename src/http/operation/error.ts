import { type ErrorCode, GafferdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";

/** The HTTP status of each error code. */
export const statusByCode: Readonly<Record<ErrorCode, number>> = {
  not_found: 404,
  conflict: 409,
  invalid_json: 400,
  invalid_process_info: 400,
  bad_value: 400,
  no_signal_number: 400,
  resource_not_found: 404,
  method_not_allowed: 405,
  bad_event_type: 404,
  io_not_redirected: 400,
  io_not_found: 404,
  forbidden_write: 403,
  unauthorized: 401,
  forbidden: 403,
  gone: 410,
  upgrade_required: 426,
  too_large: 413,
  overloaded: 503,
  spawn_failed: 422,
  invalid_config: 422,
  internal: 500,
};

const retryAfterSeconds = 1;

/**
 * Converts an error to a response: `{"error":"not_found","message":"…","field"?:"…"}`, plus the details of the error. Any
 * error that is not a `GafferdError` is a bug: the log gets the error, and the client only a `500`.
 */
export function toErrorResponse(error: unknown, { request, log }: { request?: Request; log: Logger }): Response {
  if (!(error instanceof GafferdError) || error.code === "internal") {
    log.error(request === undefined ? "cannot answer a request" : `cannot answer ${requestLineOf(request)}`, error);
    return toResponse(new GafferdError("internal", "internal error in gafferd; see its log for details"));
  }
  return toResponse(error);
}

function toResponse({ code, message, field, details }: GafferdError): Response {
  const body = { ...details, error: code, message, ...(field === undefined ? {} : { field }) };
  return Response.json(body, {
    status: statusByCode[code],
    // An idle connection would keep the descriptor that gafferd lacks.
    ...(code === "overloaded" ? { headers: { "retry-after": String(retryAfterSeconds), connection: "close" } } : {}),
  });
}

/** The query is left out because it may contain a secret. */
function requestLineOf({ method, url }: Request): string {
  return `${method} ${URL.parse(url)?.pathname ?? url}`;
}
