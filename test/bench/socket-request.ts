/** What a client of `path` says first over a bare socket: a WebSocket's handshake for `/wstreams/…`, else a GET. */
export function requestOf(path: string, host: string): string {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  if (!path.startsWith("/wstreams/")) return `${head}\r\n`;
  const handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  const key = Buffer.alloc(16).toString("base64");
  return `${head}${handshake}Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: binary\r\n\r\n`;
}

/** How the answer to it begins when it went well. */
export const goodAnswer = /^HTTP\/1\.1 (?:200 OK|101 Switching Protocols)\r\n/;
