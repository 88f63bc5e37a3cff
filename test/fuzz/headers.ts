import fc from "fast-check";
import { assertRawAnswer } from "./answer.ts";
import { startFuzzedDaemon } from "./fuzzed-daemon.ts";
import { sendRaw } from "./raw-request.ts";
import type { FuzzTarget } from "./target.ts";
import { oddNumber, oddText } from "./text.ts";

/** `PORT` is the port of the daemon. */
const values: Readonly<Record<string, readonly string[]>> = {
  Host: [
    "127.0.0.1:PORT",
    "localhost",
    "localhost:99999",
    "localhost:",
    "[::1]",
    "[",
    "",
    "a@127.0.0.1",
    "127.0.0.1/..",
    "127.0.0.1:0x50",
    "xn--",
    "127.1",
    "2130706433",
  ],
  Origin: [
    "null",
    "http://127.0.0.1:PORT",
    "http://localhost:99999",
    "file://",
    "http://",
    "*",
    "http://[",
    "https://a b",
  ],
  "Sec-Fetch-Site": ["none", "same-origin", "cross-site", "same-site", "none, none", ""],
  "Sec-Fetch-Mode": ["navigate", "no-cors", "x"],
  "Last-Event-ID": ["r", "r1-1", "r1_1_1_1", "r.1", "1", "10s"],
  Range: ["bytes=0-0", "bytes=-1", "bytes=5-1", "bytes=0-99999999999999999999", "bytes=0-0,2-3", "items=1", "bytes="],
  "If-None-Match": ["*", '"x"', 'W/"x", "y"', '"'],
  "If-Modified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "never"],
  Accept: ["*/*", "text/html;q=9", "application/json;q=0", ";", "text/event-stream"],
  "Accept-Encoding": ["gzip", "br;q=0, *", "identity;q=0", "gzip;q=NaN", "*;q=0", "zstd, , ;"],
  "Content-Length": ["0", "2", "-1", "+1", "1e3", "0x2", "99999999999999999999", "2, 2", "2 2", ""],
  "Transfer-Encoding": ["chunked", "Chunked", "gzip, chunked", "identity", "chunked, chunked", " chunked", "xchunked"],
  Connection: ["close", "keep-alive", "upgrade", "close, upgrade"],
  Upgrade: ["websocket", "h2c"],
  "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==", "x", ""],
  "Sec-WebSocket-Version": ["13", "99", "x"],
  Expect: ["100-continue", "x"],
  Authorization: ["Basic", "Bearer x"],
  "X-Forwarded-For": ["127.0.0.1"],
};
const listed = fc.constantFrom(
  ...Object.entries(values).flatMap(([name, all]) => all.map((value) => [name, value] as const)),
);
const odd = fc.tuple(
  fc.constantFrom(...Object.keys(values), "X", "", " X", "X ", "X\0", "é"),
  fc.oneof(oddText, oddNumber),
);
const header = fc
  .oneof({ weight: 4, arbitrary: listed }, { weight: 1, arbitrary: odd })
  .map(([name, value]) => `${name}: ${value}`);
const headers = fc.oneof(
  { weight: 9, arbitrary: fc.array(header, { maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(header, fc.integer({ min: 2, max: 500 }))
      .map(([line, count]) => Array<string>(count).fill(line)),
  },
);
const body = fc.constantFrom(
  "",
  "{}",
  "2\r\n{}\r\n0\r\n\r\n",
  "zz\r\n",
  "2;x=y\r\n{}\r\n0\r\nA: b\r\n\r\n",
  "FFFFFFFFFFFFFFFF\r\n",
  "-1\r\n",
  "GET /ping HTTP/1.1\r\n\r\n",
);
const line = fc.constantFrom(
  ..."GET /ping|GET /processes|GET /|POST /processes|POST /streams/live/stdin|GET /streams/g:done|GET /watch|GET /wstreams/1|GET /_plugin/dashboard/|OPTIONS /processes|HEAD /metrics|GET /docs|DELETE /processes/none|PUT /processes/none".split(
    "|",
  ),
);
const version = fc.oneof(
  { weight: 20, arbitrary: fc.constant("HTTP/1.1") },
  fc.constantFrom("HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "http/1.1", ""),
);
const end = fc.oneof({ weight: 9, arbitrary: fc.constant("\r\n") }, fc.constantFrom("\n", "\r", "\r\n "));

/** Any headers and any framing of the body get an answer. */
export const rawHeaders: FuzzTarget = {
  name: "headers",
  inputs: 400,
  async start() {
    const daemon = await startFuzzedDaemon();
    const { port } = daemon;
    const property = fc.asyncProperty(
      line,
      version,
      headers,
      end,
      body,
      fc.boolean(),
      async (start, protocol, lines, lineEnd, sent, hasHost) => {
        const all = [`${start} ${protocol}`, ...(hasHost ? ["Host: 127.0.0.1:PORT"] : []), ...lines];
        const text = `${all.join(lineEnd)}\r\n\r\n${sent}`.replaceAll("PORT", String(port));
        const [verb = ""] = start.split(" ");
        assertRawAnswer(await sendRaw(port, Buffer.from(text), 150), { verb, isWhole: false });
        await daemon.ask({ method: "GET", path: "/ping" });
      },
    );
    return { property, settle: () => daemon.settle(), [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  },
};
