import { type AnyElysia, Elysia } from "elysia";
import type { Logger } from "../../log.ts";
import { endStreamOn, isEndless } from "../quirks/end-stream.ts";
import { toGafferdError } from "../quirks/gafferd-error.ts";
import { markAsStream } from "../listen/connection.ts";
import { toErrorResponse } from "../operation/error.ts";
import { answerUnrouted } from "../operation/unrouted.ts";

export interface PluginApiOptions {
  /** The name of the plugin. */
  readonly name: string;
  readonly routes: AnyElysia;
  readonly log: Logger;
}

/**
 * Serves the routes of a plugin below `/_plugin/<name>/api`, with the same error responses as the host's own routes: an error
 * is `{"error":…,"message":…}`, and an unexpected exception is a `500` without details and a line in the log. Responses of
 * the plugin's own hooks are not changed. The host has checked access before.
 */
export function createPluginApi({ name, routes, log }: PluginApiOptions) {
  const prefix = `/_plugin/${name}/api`;
  const closed = new AbortController();
  const app = new Elysia({ prefix })
    .onError(({ code, error, request, path }) => {
      if (code === "NOT_FOUND") {
        const advice = `the routes of the plugin \`${name}\` are below ${prefix}`;
        return answerUnrouted(request, {
          path,
          routes: app.routes,
          isPreflight: request.headers.has("access-control-request-method"),
          advice,
          log,
        });
      }
      return toErrorResponse(toGafferdError(code, error), { request, log });
    })
    .onAfterHandle(({ responseValue, set }) => {
      // Without this, Bun would send text as `application/octet-stream`, because the host sets other headers.
      if (typeof responseValue === "string") set.headers["content-type"] ??= "text/plain; charset=utf-8";
    })
    .use(routes);
  return {
    async answer(request: Request): Promise<Response> {
      try {
        const response = await app.fetch(request);
        if (isEndless(response.headers)) markAsStream(request);
        return endStreamOn(closed.signal, response);
      } catch (error) {
        return toErrorResponse(error, { request, log });
      }
    },
    close: () => closed.abort(),
  };
}
