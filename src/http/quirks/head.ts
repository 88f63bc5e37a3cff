import { attachConnection, connectionOf } from "../listen/connection.ts";

/** Answers a request by its route. */
export type Handle = (request: Request) => Response | Promise<Response>;

/**
 * Answers `HEAD` as `GET` would be answered, without the body; a path that has no `GET` says what it takes. Elysia
 * 1.4.30 would read the body to its end for its length, and a stream has none.
 */
export async function answerHead(request: Request, handleGet: Handle): Promise<Response> {
  // Nobody is there to wait for a body, nor for a longpoll to have one.
  const get = new Request(request.url, { headers: request.headers, signal: AbortSignal.abort() });
  const connection = connectionOf(request);
  if (connection !== undefined) attachConnection(get, connection);
  const response = await handleGet(get);
  const { status, headers } = response;
  if (status === 405) {
    for (const name of ["content-type", "content-length"]) headers.delete(name);
    return new Response(null, { headers });
  }
  // A server leaves the body out by itself, and knows its length.
  if (connection !== undefined) return response;
  await response.body?.cancel();
  return new Response(null, { status, headers });
}
