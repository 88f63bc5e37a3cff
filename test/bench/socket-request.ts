/** The request for `path` over a raw socket: a WebSocket handshake for `/wstreams/…`, else a GET. */
export function requestOf(path: string, host: string): string {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  if (!path.startsWith("/wstreams/")) return `${head}\r\n`;
  const handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  const key = Buffer.alloc(16).toString("base64");
  return `${head}${handshake}Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: binary\r\n\r\n`;
}

/** The beginning of a successful response. */
export const goodAnswer = /^HTTP\/1\.1 (?:200 OK|101 Switching Protocols)\r\n/;
