import { type Client, createClient } from "gafferd/client";

export interface ApiOptions {
  readonly url: string;
  /** Default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface ApiRequest {
  readonly method?: "GET" | "PUT" | "POST";
  readonly path: readonly string[];
  readonly query?: Query;
  readonly json?: unknown;
  readonly signal: AbortSignal;
}

/** The API of one gafferd. */
export interface Api {
  readonly client: Client;
  /** For routes that the client does not have. Rejects with the message of an error response. */
  send(request: ApiRequest): Promise<Response>;
}

export function createApi({ url, fetch: ask = globalThis.fetch }: ApiOptions): Api {
  return {
    client: createClient({ url, fetch: ask }),
    async send({ method = "GET", path, query = {}, json, signal }) {
      const address = new URL(`${url.replace(/\/+$/, "")}/${path.map(encodeURIComponent).join("/")}`);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) address.searchParams.set(name, String(value));
      }
      const body = json === undefined ? {} : { body: JSON.stringify(json) };
      const response = await ask(address.href, { method, signal, ...body });
      if (response.ok) return response;
      const text = await response.text();
      throw new Error(messageOf(text) ?? `the answer of gafferd has status ${response.status}`);
    },
  };
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
