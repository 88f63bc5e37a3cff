import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { type ApiOptions, createApi } from "./api.ts";
import type { Tool } from "./tool.ts";
import { restart, start, stop, write } from "./tools/control.ts";
import { list, status } from "./tools/inspect.ts";
import { read } from "./tools/read.ts";
import { run } from "./tools/run.ts";
import { search } from "./tools/search.ts";
import { wait } from "./tools/wait.ts";

const allTools: readonly Tool[] = [run, start, stop, restart, list, status, read, write, search, wait];

export interface ServerOptions extends ApiOptions {
  /** The version of gafferd. */
  readonly version: string;
  /** The names of the tools to offer. Default: all. */
  readonly tools?: readonly string[] | undefined;
}

/**
 * Answers a request of the transport Streamable HTTP. There are no sessions: each request has a server of its own, and
 * whatever a call refers to is named in its arguments, so that clients cannot mix each other up.
 */
export async function answerMcp(request: Request, options: ServerOptions): Promise<Response> {
  if (request.method !== "POST") {
    const message = "this server has no sessions and no stream of its own: send each message with POST";
    const error = { jsonrpc: "2.0", error: { code: -32_000, message }, id: null };
    return Response.json(error, { status: 405, headers: { allow: "POST" } });
  }
  const server = createServer(options);
  const transport = new WebStandardStreamableHTTPServerTransport({});
  request.signal.addEventListener("abort", () => void server.close(), { once: true });
  await server.connect(transport);
  return await transport.handleRequest(request);
}

/** Serves one client over stdin and stdout. Resolves when stdin has ended and every request was answered. */
export async function serveStdio(options: ServerOptions): Promise<void> {
  const server = createServer(options);
  const transport = new CountingTransport();
  const ended = new Promise((resolve) => process.stdin.once("end", resolve));
  await server.connect(transport);
  await ended;
  await transport.answered();
  await server.close();
}

/** Knows which requests were not answered yet. */
class CountingTransport extends StdioServerTransport {
  readonly #open = new Set<RequestId>();
  #onAnswered: (() => void) | undefined;

  override async start(): Promise<void> {
    const { onmessage } = this;
    const count = (message: JSONRPCMessage) => {
      if ("method" in message && "id" in message) this.#open.add(message.id);
      onmessage?.(message);
    };
    Object.assign(this, { onmessage: count });
    await super.start();
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    await super.send(message);
    if (!("method" in message) && message.id !== undefined) this.#open.delete(message.id);
    if (this.#open.size === 0) this.#onAnswered?.();
  }

  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswered = resolve;
      if (this.#open.size === 0) resolve();
    });
  }
}

function createServer({ version, tools, ...options }: ServerOptions): McpServer {
  const api = createApi(options);
  const server = new McpServer({ name: "gafferd", version });
  for (const { name, description, input, isReadOnly, isIdempotent, call } of allTools) {
    if (tools !== undefined && !tools.includes(name)) continue;
    const annotations = {
      readOnlyHint: isReadOnly,
      idempotentHint: isIdempotent,
      ...(!isReadOnly && { destructiveHint: name !== "start" && name !== "write" }),
      openWorldHint: false,
    };
    server.registerTool(name, { description, inputSchema: input, annotations }, async (args, { signal }) => {
      return await call(args, { api, signal }).then(toResult, toFailure);
    });
  }
  return server;
}

function toResult(text: string) {
  return { content: [{ type: "text" as const, text }] };
}

function toFailure(error: unknown) {
  return { ...toResult(error instanceof Error ? error.message : String(error)), isError: true };
}
