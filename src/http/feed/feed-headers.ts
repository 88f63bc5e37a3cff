import type { FeedFormat } from "./feed-query.ts";

const rawTypes: Readonly<Record<FeedFormat, string>> = {
  text: "text/plain; charset=utf-8",
  json: "application/x-ndjson",
  base64: "text/plain; charset=us-ascii",
};

/** The paragraph that describes headers and heartbeats of all feeds. */
export const feedHeadersDescription =
  "The headers of a stream are sent before its first byte, with `Cache-Control: no-store, no-transform`. By default, a heartbeat is sent after 15 s of silence, so that proxies do not close the connection.";

export function rawHeaders(format: FeedFormat): Record<string, string> {
  return headersOf(rawTypes[format]);
}

export function eventHeaders(): Record<string, string> {
  return headersOf("text/event-stream; charset=utf-8");
}

function headersOf(contentType: string): Record<string, string> {
  return {
    "content-type": contentType,
    // `no-transform`: a proxy that compresses would buffer the stream.
    "cache-control": "no-store, no-transform",
    // nginx buffers responses by default.
    "x-accel-buffering": "no",
  };
}
