import { type ClientErrorCode, GafferdClientError } from "./error.ts";

export interface ClientOptions {
  /** Of the daemon, such as `http://localhost:5000`; a path is kept, for a daemon behind a proxy. */
  readonly url: string | URL;
  /** Default: the `fetch` of the platform. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type RequestBody = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

export interface RequestOptions {
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal;
}

type Method = "GET" | "POST" | "PUT" | "DELETE";
type Path = readonly (string | number)[];

/** Asks one daemon. Network failures are thrown as the platform throws them, an answer that says no as a GafferdClientError. */
export interface Transport {
  send(method: Method, path: Path, options?: RequestOptions): Promise<Response>;
  /** The document that is answered. */
  ask<T>(method: Method, path: Path, options?: RequestOptions): Promise<T>;
}

/** Throws a TypeError for an address or a header that cannot be used. */
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
    // Called as a function of nobody: browsers refuse a `fetch` with another `this`.
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

/** What an answer that nobody expected is thrown as. `line` is what was asked. */
export function unexpected({ status, statusText, headers }: Response, line: string): GafferdClientError {
  const answer = [status, statusText, headers.get("content-type")].filter((part) => part !== "" && part !== null);
  const reason = `${answer.join(" ")} is no answer of gafferd; check the address and what stands between`;
  return new GafferdClientError(`cannot use the answer to ${line}: ${reason}`, { status, code: "unexpected_answer" });
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
    throw new TypeError(`cannot reach gafferd at \`${url}\`: give an address such as http://localhost:5000`);
  }
  if (base.username + base.password !== "") {
    throw new TypeError(
      `cannot send the password in the address of ${base.host}: give \`headers\` an \`authorization\``,
    );
  }
  return base.origin + base.pathname.replace(/\/+$/, "");
}

function toPath(path: Path): string {
  return path.map((part) => `/${toSegment(String(part))}`).join("");
}

/** Throws a TypeError for what a URL cannot hold as a part of its path: `..` would lead to another route. */
function toSegment(part: string): string {
  if (part === "" || part === "." || part === "..") throw new TypeError(`cannot ask for \`${part}\`: it is no name`);
  return encodeURIComponent(part);
}

function toQuery(query: RequestOptions["query"] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given}`;
}
