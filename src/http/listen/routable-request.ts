import type { Site } from "./guard.ts";

/** Elysia 1.4.30 looks for the path from here on, so that it finds none in `http://d/ping`. */
const shortestOriginLength = 11;

/**
 * The request itself or, where its URL cannot be read or Elysia would not find its path, a copy: for a `Host` that is
 * short, missing or malformed, as is usual on unix sockets. Undefined for a method that has no path (CONNECT) or that cannot be copied (TRACE).
 */
export function toRoutable(request: Request, { scheme, boundHost }: Site): Request | undefined {
  // Elsewhere the guard refuses a `Host` that is none, such as `localhost:99999`.
  const isTcp = boundHost !== undefined;
  const pathStart = request.url.startsWith("/") ? 0 : request.url.indexOf("/", `${scheme}://`.length);
  if (pathStart >= shortestOriginLength && (isTcp || URL.canParse(request.url))) return request;
  if (pathStart === -1 || ["CONNECT", "TRACE", "TRACK"].includes(request.method)) return undefined;
  return new Request(`${scheme}://localhost${request.url.slice(pathStart)}`, request);
}
