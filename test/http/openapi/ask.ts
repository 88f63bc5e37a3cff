import { converse } from "../listen/listening.ts";
import type { Call } from "./calls.ts";
import type { Answer } from "./seen.ts";

/** How long to wait for the first byte of a stream. Its headers are sent before it. */
const silentMs = 400;
/** How long a stream may pause before the test stops reading. */
const quietMs = 40;

/** The response, or undefined if none arrives in time. */
export async function ask(url: string, call: Call, timeoutMs: number): Promise<Answer | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { path, method, headers, body } = call;
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      signal: timeout,
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, bytes: await readSome(response) };
  } catch (error) {
    if (timeout.aborted) return undefined;
    throw error;
  }
}

/** The status of a WebSocket handshake, which `fetch` rejects. */
export async function shakeHands(url: string, { path, headers }: Call): Promise<Answer> {
  const { host, port } = new URL(url);
  const lines = Object.entries({
    host,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = await converse(Number(port), `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, (received) =>
    received.includes("\r\n\r\n"),
  );
  return { status: Number(text.split(" ")[1]), headers: new Headers(), bytes: new Uint8Array(0) };
}

async function readSome(response: Response): Promise<Uint8Array> {
  if (response.headers.get("content-type")?.startsWith("application/json")) return await response.bytes();
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await Promise.race([reader?.read(), Bun.sleep(chunks.length === 0 ? silentMs : quietMs)]);
    if (chunk === undefined || chunk.done) break;
    chunks.push(chunk.value);
  }
  await reader?.cancel();
  return Buffer.concat(chunks);
}
