import { type AnyElysia, Elysia } from "elysia";
import type { Logger } from "../../log.ts";
import { endStreamOn, isEndless } from "../quirks/end-stream.ts";
import { toOwnError } from "../quirks/own-error.ts";
import { markAsStream } from "../listen/connection.ts";
import { toErrorResponse } from "../operation/error.ts";
import { answerUnrouted } from "../operation/unrouted.ts";

export interface PluginApiOptions {
  /** The plugin's. */
  readonly name: string;
  readonly routes: AnyElysia;
  readonly log: Logger;
}

/**
 * A plugin's routes below `/_plugin/<name>/api`, with the manners of the host's own: a failure is
 * `{"error":…,"message":…}`, a fault of the plugin a bare 500 and a line in the log. What the routes answer by hooks of
 * their own stands. Who asks was let in by the host before.
 */
export function createPluginApi({ name, routes, log }: PluginApiOptions) {
  const prefix = `/_plugin/${name}/api`;
  const ended = new AbortController();
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
      return toErrorResponse(toOwnError(code, error), { request, log });
    })
    .onAfterHandle(({ responseValue, set }) => {
      // With a header of the host's set beside it, Bun would call a text `application/octet-stream`.
      if (typeof responseValue === "string") set.headers["content-type"] ??= "text/plain; charset=utf-8";
    })
    .use(routes);
  return {
    async answer(request: Request): Promise<Response> {
      try {
        const response = await app.fetch(request);
        if (isEndless(response.headers)) markAsStream(request);
        return endStreamOn(ended.signal, response);
      } catch (error) {
        return toErrorResponse(error, { request, log });
      }
    },
    close: () => ended.abort(),
  };
}
