import { type ClientErrorCode, GafferdClientError } from "./error.ts";

export interface ClientOptions {
  /** URL of the daemon, such as `http://localhost:5000`. It may have a path, for a daemon behind a proxy. */
  readonly url: string | URL;
  /** Default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type RequestBody = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

export interface RequestOptions {
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal;
}

type Method = "GET" | "POST" | "PUT" | "DELETE";
type Path = readonly (string | number)[];

/** Sends requests to one daemon. Rejects with the error of `fetch`, or a GafferdClientError for an error response. */
export interface Transport {
  send(method: Method, path: Path, options?: RequestOptions): Promise<Response>;
  /** Resolves to the JSON document in the response. */
  ask<T>(method: Method, path: Path, options?: RequestOptions): Promise<T>;
}

/** Throws a TypeError for an invalid URL or header. */
export function createTransport({ url, fetch: ask = globalThis.fetch, headers }: ClientOptions): Transport {
  const base = parseBase(url);
  const everyHeader = [...new Headers(headers)];

  async function send(
    method: Method,
    path: Path,
    { query, json, body, signal }: RequestOptions = {},
  ): Promise<Response> {
    const address = base + toPath(path) + toQuery(query);
    const own = new Headers(everyHeader);
    if (json !== undefined) own.set("content-type", "application/json");
    // Called without `this`: browsers reject a `fetch` that is called as a method.
    const response = await ask(address, {
      method,
      headers: own,
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
    if (!response.ok) throw await toError(response, `${method} ${address}`);
    return response;
  }

  return {
    send,
    async ask<T>(method: Method, path: Path, options?: RequestOptions) {
      const response = await send(method, path, options);
      const document = parseJson(await response.text());
      if (document === undefined) throw unexpected(response, `${method} ${base}${toPath(path)}`);
      return document as T;
    },
  };
}

/** The error for a response that is not from gafferd. `line` is the request, such as `GET http://…`. */
export function unexpected({ status, statusText, headers }: Response, line: string): GafferdClientError {
  const answer = [status, statusText, headers.get("content-type")].filter((part) => part !== "" && part !== null);
  const reason = `${answer.join(" ")} is not a response of gafferd; check the URL and any proxy in between`;
  return new GafferdClientError(`cannot use the response to ${line}: ${reason}`, { status, code: "unexpected_answer" });
}

async function toError(response: Response, line: string): Promise<GafferdClientError> {
  const body = parseJson(await response.text());
  if (!isFailure(body)) return unexpected(response, line);
  const { error, message, field, ...details } = body;
  const retryAfter = response.headers.get("retry-after") ?? "";
  return new GafferdClientError(message, {
    status: response.status,
    code: error,
    details,
    ...(typeof field === "string" && { field }),
    ...(/^\d+$/.test(retryAfter) && { retryAfterMs: Number(retryAfter) * 1000 }),
  });
}

/** `{"error":"not_found","message":"…","field"?:"…", …}` */
function isFailure(body: unknown): body is { error: ClientErrorCode; message: string; [more: string]: unknown } {
  if (typeof body !== "object" || body === null) return false;
  return "error" in body && typeof body.error === "string" && "message" in body && typeof body.message === "string";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseBase(url: string | URL): string {
  const base = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (base?.protocol !== "http:" && base?.protocol !== "https:") {
    throw new TypeError(`cannot use \`${url}\` as the URL of gafferd; give one such as http://localhost:5000`);
  }
  if (base.username + base.password !== "") {
    throw new TypeError(
      `cannot use a URL with a password for ${base.host}; set \`authorization\` in \`headers\` instead`,
    );
  }
  return base.origin + base.pathname.replace(/\/+$/, "");
}

/** `/streams/web/stdin`. Throws a TypeError for a part that cannot be a name. */
export function toPath(path: Path): string {
  return path.map((part) => `/${toSegment(String(part))}`).join("");
}

/** Throws a TypeError for a name that cannot be a path segment: `..` would lead to another route. */
function toSegment(part: string): string {
  if (part === "" || part === "." || part === "..") throw new TypeError(`cannot use \`${part}\` as a name`);
  return encodeURIComponent(part);
}

function toQuery(query: RequestOptions["query"] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given}`;
}
