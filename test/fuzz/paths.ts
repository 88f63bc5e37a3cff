import fc from "fast-check";
import { assertRawAnswer } from "./answer.ts";
import { maxAnswerMs, startFuzzedDaemon } from "./fuzzed-daemon.ts";
import { sendRaw } from "./raw-request.ts";
import type { FuzzTarget } from "./target.ts";
import { oddNumber, oddText } from "./text.ts";

const room = fc.constantFrom(
  ..."processes status groups stats streams watch wstreams webhooks _plugin metrics docs openapi.json ping _reload nope".split(
    " ",
  ),
);
const id = fc.constantFrom(..."live g:done g 1 2 9 none made %6cive LIVE".split(" "));
const action = fc.constantFrom(
  ..."_start _stop _restart _add _sub _signal _pids _history stdin stdout stderr deliveries dashboard index.html".split(
    " ",
  ),
);
const sign = fc.constantFrom(
  ..."% %ff %00 %2f %2e%2e %252e .. . %zz %c3%28 %ED%A0%80 ~ ; ? # \\ // * %0d%0a ../../../../etc/passwd ..%2f..%2fetc%2fpasswd".split(
    " ",
  ),
  "",
);
// 32 and more of these would be processes.
const argument = fc.constantFrom(..."0 1 CONT HUP -1 0x1 1.5 99999999999999999999".split(" "));
const odd = fc.oneof(
  oddText.map((text) =>
    Buffer.from(text)
      .toString("latin1")
      .replaceAll(/[^\w.~:@!$&'()*+,;=-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`),
  ),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);
const part = fc.oneof({ weight: 3, arbitrary: id }, { weight: 2, arbitrary: action }, argument, sign, odd, room);
const path = fc
  .tuple(fc.oneof({ weight: 6, arbitrary: room }, part), fc.array(part, { maxLength: 4 }))
  .map(([first, rest]) => `/${[first, ...rest].join("/")}`);

const name = fc.constantFrom(
  ..."feed heartbeat since tail format follow lossless running detail spawn_first group interval dry_run keep_drift label eof wait reader __proto__".split(
    " ",
  ),
);
const value = fc.oneof(
  fc.constantFrom(
    ..."true false 1 0 eventsource continuous longpoll json base64 10s 1d 2026-01-01T00:00:00Z 2026-13-99 until-exit".split(
      " ",
    ),
  ),
  oddNumber,
  sign,
  odd,
);
const query = fc
  .array(
    fc.tuple(name, fc.constantFrom("=", "", "=="), value).map((parts) => parts.join("")),
    { maxLength: 4 },
  )
  .map((all) => (all.length === 0 ? "" : `?${all.join("&")}`));

const method = fc.constantFrom(
  ..."GET GET GET GET HEAD OPTIONS POST PUT DELETE PATCH PROPFIND CONNECT TRACE get".split(" "),
);
const target = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(path, query).map((parts) => parts.join("")) },
  fc.constantFrom(
    "*",
    "",
    "http://127.0.0.1/ping",
    "http://[/",
    "//ping",
    "http://example.com/processes",
    "ping",
    `/${"a".repeat(70_000)}`,
  ),
);

/** Any request line gets an answer. */
export const paths: FuzzTarget = {
  name: "paths",
  inputs: 400,
  async start() {
    const daemon = await startFuzzedDaemon();
    const { port } = daemon;
    const property = fc.asyncProperty(method, target, async (verb, requested) => {
      const request = `${verb} ${requested} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      // A feed that waits for output or events may have no answer yet.
      const mayWait = /streams|watch|stats/.test(requested);
      const answer = await sendRaw(port, Buffer.from(request, "latin1"), mayWait ? 150 : maxAnswerMs);
      assertRawAnswer(answer, { verb, isWhole: !mayWait });
      await daemon.ask({ method: "GET", path: "/ping" });
    });
    return { property, settle: () => daemon.settle(), [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  },
};
