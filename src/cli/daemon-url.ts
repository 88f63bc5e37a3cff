import { GafferdClientError } from "../client/client.ts";
import { GafferdError } from "../errors.ts";
import { reasonOf } from "../reason.ts";

export const defaultUrl = "http://127.0.0.1:5000";

/** The option `--url` of commands that talk to a running gafferd. */
export const urlDefinition = {
  type: "string",
  valueHint: "URL",
  description: `address of the running gafferd, or unix:PATH [default: $GAFFERD_URL, or ${defaultUrl}]`,
} as const;

/** Options for the client. `url` may be `unix:/run/gaffer.sock`. */
export function toClientOptions(url: string): {
  readonly url: string;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
} {
  const socket = /^unix:(?:\/\/)?(.+)$/.exec(url)?.[1];
  return socket === undefined ? { url } : { url: "http://localhost", fetch: throughSocket(socket) };
}

/** The error of a request to a gafferd, as a message for people. */
export function toReachError(url: string, error: unknown): GafferdError {
  if (error instanceof GafferdClientError) return new GafferdError("bad_value", error.message, { cause: error });
  const advice = "start one with `gafferd`, or give the address of another one with --url=URL";
  return new GafferdError("not_found", `cannot reach a gafferd at ${url}: ${reasonFor(error)}; ${advice}`, {
    cause: error,
  });
}

/** Bun's text for this asks whether the computer is able to access the URL. */
function reasonFor(error: unknown): string {
  const { code } = error as { code?: string };
  return code === "ECONNREFUSED" || code === "ConnectionRefused" ? "nothing listens there" : reasonOf(error);
}

function throughSocket(unix: string) {
  return (url: string, init: RequestInit) => fetch(url, { ...init, unix });
}
