import { attachConnection, connectionOf } from "../listen/connection.ts";

/** Passes a request to its route. */
export type Handle = (request: Request) => Response | Promise<Response>;

/**
 * Answers `HEAD` like `GET`, without the body. If the path does not support `GET`, the response has the `Allow` header.
 * Elysia 1.4.30 would read the whole body to determine its length, but a stream does not end.
 */
export async function answerHead(request: Request, handleGet: Handle): Promise<Response> {
  // Aborted, so that a longpoll does not wait: `HEAD` needs no body.
  const get = new Request(request.url, { headers: request.headers, signal: AbortSignal.abort() });
  const connection = connectionOf(request);
  if (connection !== undefined) attachConnection(get, connection);
  const response = await handleGet(get);
  const { status, headers } = response;
  if (status === 405) {
    for (const name of ["content-type", "content-length"]) headers.delete(name);
    return new Response(null, { headers });
  }
  // Bun's server drops the body itself, and sets its length.
  if (connection !== undefined) return response;
  await response.body?.cancel();
  return new Response(null, { status, headers });
}
