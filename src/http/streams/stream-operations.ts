import { feedManners } from "../feed/feed-headers.ts";
import { lastEventIdHeader } from "../feed/feed-query.ts";
import { outputParameters } from "./output-query.ts";
import { inputParameters } from "./stream-routes.ts";
import { wstreamParameters } from "./wstream-routes.ts";
import type { ResponseObject } from "../operation/openapi-document.ts";
import { media, ok, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";
import { label } from "../operation/path-parameters.ts";

const target = {
  name: "target",
  description:
    "The pid of a process, or the name of a template. The output of a process that has ended is held under its pid for a while; that of a template is that of all its processes, those that start later too.",
  schema: { type: "string", minLength: 1 },
  examples: ["1", "web:api"],
} as const;

const oneProcess = {
  name: "target",
  description:
    "The pid of a process, or the name of a template that has one process; `_pids` lists them if it has more.",
  schema: { type: "string", minLength: 1 },
  examples: ["1", "web:api"],
} as const;

const events = `event: stdout
data: first line
data: second line
id: r5k2x_1_2s_2s

event: exit
data: {"pid":1,"exit_status":0,"term_signal":null}
id: r5k2x_1_2t_2s

`;

const output: Record<number, ResponseObject> = {
  200: {
    description:
      "Output, in the form that `feed` and `format` ask for. Server-sent events: one holds whole lines of one output, its name is the label (`label:error` for `error`, `message` and `open`, which browsers use themselves), its `data` the lines; `gap` names bytes that are no longer held, `exit` comes when a process has ended and all its output was sent, and in the stream of a template `spawn` comes for each new process. In `format=json` all but those three are a document each. " +
      feedManners,
    headers: {
      "X-Gaffer-Next": { $ref: "#/components/headers/X-Gaffer-Next" },
      "X-Gaffer-Gap": { $ref: "#/components/headers/X-Gaffer-Gap" },
    },
    content: {
      "text/plain": media({ type: "string", description: "`format=text`, or a line for each piece in `base64`." }),
      "application/x-ndjson": media({
        description: "`format=json`, a line for each.",
        anyOf: [ref("Output"), { type: "object", required: ["gap"], properties: { gap: ref("OutputGap") } }],
      }),
      "text/event-stream": {
        ...media({ type: "string", description: "`feed=eventsource`." }, events),
        "x-event-data": {
          "*": { anyOf: [{ type: "string" }, ref("Output")] },
          gap: ref("OutputGap"),
          exit: ref("ProcessExit"),
          spawn: ref("ProcessSpawn"),
        },
      },
    },
  },
  204: { description: "The process has ended and all of its output was read: there is no reason to come again." },
};

const reading = {
  tag: "streams",
  query: Object.values(outputParameters),
  headers: [lastEventIdHeader],
  answers: output,
  curl: { options: "-N", query: "feed=eventsource" },
} as const satisfies Partial<OperationDescription>;

export const streamOperations: OperationTable = {
  "GET /streams/:target": {
    ...reading,
    id: "readOutputs",
    summary: "Read all outputs of a process or a template",
    path: [target],
    errors: ["bad_value", "not_found", "io_not_redirected", "overloaded"],
  },
  "GET /streams/:target/:label": {
    ...reading,
    id: "readOutput",
    summary: "Read one output of a process or a template",
    path: [target, label],
    errors: ["bad_value", "not_found", "io_not_redirected", "io_not_found", "overloaded"],
  },
  "POST /streams/:target/stdin": {
    id: "writeInput",
    tag: "streams",
    summary: "Write to a process's stdin",
    description:
      "The body goes in as it arrives. One of at most 64 KiB with a `Content-Length` is never mixed with that of another client. A process that does not read makes the sender wait.",
    path: [oneProcess],
    query: [inputParameters.eof],
    body: {
      description: "Bytes, whatever the `Content-Type` says.",
      type: "application/octet-stream",
      schema: {},
      example: "hello",
    },
    answers: ok("The last byte is in the pipe.", { bytes: { type: "integer", minimum: 0 } }, { bytes: 5 }),
    errors: ["bad_value", "forbidden_write", "not_found", "gone", "conflict", "overloaded"],
  },
  "GET /wstreams/:target": {
    id: "connect",
    tag: "streams",
    summary: "A WebSocket to a process's stdin and from one of its outputs",
    description:
      'Each message that comes in goes to stdin, and an empty one closes it; output goes out as it comes, in text, or in binary frames to who offers the subprotocol `binary`, the only one there is. Frames of the other kind hold JSON: `{"event":"gap",…}`, `{"event":"exit",…}`, or an error. The socket is closed with 1000 after the process\'s end, 4404 where there is no such process or output, 4403 where output or input is not redirected, 4409 where a template has several processes, 1013 where stdin took nothing for its timeout.',
    path: [oneProcess],
    query: Object.values(wstreamParameters),
    headers: [
      lastEventIdHeader,
      {
        name: "Sec-WebSocket-Protocol",
        description: "`binary`: output comes in binary frames.",
        schema: { type: "string" },
        examples: ["binary"],
      },
    ],
    answers: { 101: { description: "It is a WebSocket now." } },
    errors: ["bad_value", "upgrade_required", "overloaded"],
    curl: {
      options:
        "-N -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='",
    },
  },
};
