import { Webhook as Verifier } from "standardwebhooks";

export interface Received {
  readonly id: string;
  readonly headers: Headers;
  /** The URL's query, `?` included. */
  readonly search: string;
  /** As it came. */
  readonly text: string;
  readonly body: { readonly id: string; readonly seq: number; readonly event: string; readonly name: string };
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** In the order of arrival, those that were refused too. */
  readonly received: Received[];
  /** What was answered with 2xx. */
  readonly accepted: Received[];
  /** How many requests were under way at once, at most. */
  readonly together: number;
}

/** A server for webhooks; `answer` says what it does with each, by default it accepts. */
export function receive(
  answer: (received: Received, count: number) => Response | Promise<Response> = () => new Response("ok"),
  options: { port?: number } = {},
): Receiver {
  const received: Received[] = [];
  const accepted: Received[] = [];
  let underWay = 0;
  let together = 0;
  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      together = Math.max(together, ++underWay);
      try {
        const text = await request.text();
        const { headers } = request;
        const { search } = new URL(request.url);
        const one = {
          id: headers.get("webhook-id") ?? "",
          headers,
          search,
          text,
          body: JSON.parse(text) as Received["body"],
        };
        received.push(one);
        const response = await answer(one, received.length);
        if (response.ok) accepted.push(one);
        return response;
      } finally {
        underWay -= 1;
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    port: server.port ?? 0,
    received,
    accepted,
    get together() {
      return together;
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  await using receiver = receive();
  return receiver.port;
}

/** Throws when the signature is not that of Standard Webhooks, by its npm library. */
export function verify(secret: string, { headers, text }: Received): unknown {
  return new Verifier(secret).verify(text, Object.fromEntries(headers));
}
