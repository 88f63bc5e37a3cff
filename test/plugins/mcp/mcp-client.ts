import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildMcp } from "../../../plugins/mcp/build.ts";

/** A client of the SDK. */
export interface McpClient extends AsyncDisposable {
  readonly client: Client;
  /** Calls a tool that must succeed. Returns its text. */
  call(name: string, args?: Record<string, unknown>): Promise<string>;
  /** Calls a tool that must fail. Returns the text of the error. */
  fail(name: string, args?: Record<string, unknown>): Promise<string>;
}

export async function connectMcp(transport: Transport): Promise<McpClient> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  const ask = async (name: string, args: Record<string, unknown>) => {
    const { content, isError = false } = await client.callTool({ name, arguments: args });
    return { isError, text: (content as { text: string }[]).map(({ text }) => text).join("") };
  };
  return {
    client,
    async call(name, args = {}) {
      const { isError, text } = await ask(name, args);
      if (isError) throw new Error(text);
      return text;
    },
    async fail(name, args = {}) {
      const { isError, text } = await ask(name, args);
      if (!isError) throw new Error(`${name} did not fail: ${text}`);
      return text;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** `npm test` has built the plugin; a test that is started alone may have to. */
export async function ensureBuilt(): Promise<void> {
  if (!existsSync(join(import.meta.dir, "../../../plugins/mcp/dist/server.js"))) await buildMcp();
}

/** `r1v4_1_b_3` of `…; next r1v4_1_b_3]`. */
export function nextOf(text: string): string {
  const next = /next (\w+)/.exec(text)?.[1];
  if (next === undefined) throw new Error(`no id in ${text}`);
  return next;
}
