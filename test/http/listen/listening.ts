import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Elysia } from "elysia";
import { upgrade } from "../../../src/http/listen/connection.ts";
import { type EndpointSettings, openEndpoints, type Endpoints } from "../../../src/http/listen/endpoint.ts";
import { createService, type Service } from "../service.ts";

export const anyPort = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;

/** Settings of a plain endpoint on a free port, with changes. */
export const endpoint = (settings: Partial<EndpointSettings> = {}): EndpointSettings => ({
  name: "main",
  binds: [anyPort],
  backlog: 128,
  hosts: [],
  ...settings,
});

export interface Listening extends AsyncDisposable {
  readonly service: Service;
  readonly endpoints: Endpoints;
  /** Of the first address. */
  readonly url: string;
  readonly port: number;
}

/** A service with open endpoints; `/echo` is a WebSocket that echoes messages. */
export async function listen(
  settings: readonly EndpointSettings[] = [endpoint()],
  options: Parameters<typeof createService>[0] = {},
): Promise<Listening> {
  const service = createService(options);
  const app = service.app.use(new Elysia().get("/echo", ({ request: asked }) => echo(asked)));
  const endpoints = await openEndpoints(app, settings, { log: service.log });
  const url = endpoints.urls[0] ?? "";
  return {
    service,
    endpoints,
    url,
    port: Number(URL.parse(url)?.port),
    async [Symbol.asyncDispose]() {
      await service.manager.close();
      await endpoints.close();
    },
  };
}

function echo(asked: Request): Response | undefined {
  if (upgrade(asked, { message: (socket, message) => void socket.send(message) })) return undefined;
  return new Response("this is a WebSocket", { status: 426 });
}

/** Sends a request with headers that `fetch` does not allow. Resolves to its status and body. */
export function askRaw(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; setHost?: boolean },
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** Sends raw bytes and resolves to the response, read until the server closes or `isEnough` returns true. */
export function converse(port: number, sent: string, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (isEnough(text)) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write(sent);
  });
}

/** A directory that is removed after the test. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "gafferd-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** Runs `curl`. Resolves to its exit status, the HTTP status and the body. */
export async function curl(...args: string[]): Promise<{ exit: number; status: number; text: string }> {
  const child = Bun.spawn(["curl", "--silent", "--max-time", "10", "--write-out", "\n%{http_code}", ...args]);
  const out = await child.stdout.text();
  const end = out.lastIndexOf("\n");
  return { exit: await child.exited, status: Number(out.slice(end + 1)), text: out.slice(0, end) };
}

/** The reply of the WebSocket `/echo` to "hello". */
export async function echoOf(url: string): Promise<unknown> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/echo`, { tls: { rejectUnauthorized: false } });
  const received = Promise.withResolvers<unknown>();
  socket.addEventListener("open", () => socket.send("hello"));
  socket.addEventListener("message", (event) => received.resolve(event.data));
  socket.addEventListener("error", () => received.reject(new Error("no WebSocket")));
  try {
    return await received.promise;
  } finally {
    socket.close();
  }
}
