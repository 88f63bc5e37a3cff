import type { FeedFormat } from "./feed-query.ts";

const rawTypes: Readonly<Record<FeedFormat, string>> = {
  text: "text/plain; charset=utf-8",
  json: "application/x-ndjson",
  base64: "text/plain; charset=us-ascii",
};

export function rawHeaders(format: FeedFormat): Record<string, string> {
  return headersOf(rawTypes[format]);
}

export function eventHeaders(): Record<string, string> {
  return headersOf("text/event-stream; charset=utf-8");
}

function headersOf(contentType: string): Record<string, string> {
  // The last keeps nginx from collecting a stream before it passes it on.
  return { "content-type": contentType, "cache-control": "no-store", "x-accel-buffering": "no" };
}
