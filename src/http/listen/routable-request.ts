import type { Site } from "./guard.ts";

/** Elysia 1.4.30 searches for the path from this offset, so it does not find the path of `http://d/ping`. */
const shortestOriginLength = 11;

/**
 * Returns the request, or a copy with the host `localhost` if the `Host` is short, missing or malformed, as is usual on
 * unix sockets: its URL would be invalid, or Elysia would not find the path. Undefined for a method without a path
 * (CONNECT) or one that cannot be copied (TRACE).
 */
export function toRoutable(request: Request, { scheme, boundHost }: Site): Request | undefined {
  // On TCP, the guard refuses an invalid `Host` such as `localhost:99999`. `HEAD` is copied before the guard sees it.
  const isCopied = boundHost === undefined || request.method === "HEAD";
  const pathStart = request.url.startsWith("/") ? 0 : request.url.indexOf("/", `${scheme}://`.length);
  if (pathStart >= shortestOriginLength && (!isCopied || URL.canParse(request.url))) return request;
  if (pathStart === -1 || ["CONNECT", "TRACE", "TRACK"].includes(request.method)) return undefined;
  return new Request(`${scheme}://localhost${request.url.slice(pathStart)}`, request);
}
