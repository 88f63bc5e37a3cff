import { feedHeadersDescription } from "../feed/feed-headers.ts";
import { lastEventIdHeader } from "../feed/feed-query.ts";
import { outputParameters } from "./output-query.ts";
import { inputParameters } from "./stdin-routes.ts";
import { wstreamParameters } from "./wstream-routes.ts";
import type { ResponseObject } from "../operation/openapi-document.ts";
import { json, media, ok, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";
import type { Parameter } from "../operation/parameter.ts";
import { label } from "../operation/path-parameters.ts";

const targetParameter = (description: string): Parameter => ({
  name: "target",
  description,
  schema: { type: "string", minLength: 1 },
  examples: ["1", "web:api"],
});

const target = targetParameter(
  "The pid of a process, or the name of a template. The output of a process stays available for a while after it has exited. The output of a template is the output of all its processes, including those that start later.",
);

const oneProcess = targetParameter(
  "The pid of a process, or the name of a template with exactly one process. If it has more, `_pids` lists their pids.",
);

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
      "Output, in the form selected by `feed` and `format`. With `eventsource`, an event contains whole lines of one output: its name is the label (`label:error` for the labels `error`, `message` and `open`, which have a meaning in browsers), its `data` the lines. `gap` reports bytes that are no longer in the buffer. `exit` is sent when a process has exited and all its output was sent. In the stream of a template, `spawn` is sent for each new process. With `format=json`, the `data` of output events is a JSON document. " +
      feedHeadersDescription,
    headers: {
      "X-Gaffer-Next": { $ref: "#/components/headers/X-Gaffer-Next" },
      "X-Gaffer-Gap": { $ref: "#/components/headers/X-Gaffer-Gap" },
    },
    content: {
      "text/plain": media({
        type: "string",
        description: "`format=text`: the output. `format=base64`: one line per piece of output.",
      }),
      "application/x-ndjson": media({
        description: "`format=json`: one line per piece of output or gap.",
        anyOf: [ref("Output"), { type: "object", required: ["gap"], properties: { gap: ref("OutputGap") } }],
      }),
      "text/event-stream": {
        ...media({ type: "string", description: "`feed=eventsource`: server-sent events." }, events),
        "x-event-data": {
          "*": { anyOf: [{ type: "string" }, ref("Output")] },
          gap: ref("OutputGap"),
          exit: ref("ProcessExit"),
          spawn: ref("ProcessSpawn"),
        },
      },
    },
  },
  204: { description: "The process has exited and all of its output was read. Stop polling." },
};

const reading = {
  tag: "streams",
  query: Object.values(outputParameters),
  headers: [lastEventIdHeader],
  answers: output,
  curl: { options: "-N", query: "feed=eventsource" },
} as const satisfies Partial<OperationDescription>;

function withTakenHeader(answers: Record<200, ResponseObject>): Record<200, ResponseObject> {
  return { 200: { ...answers[200], headers: { "X-Gaffer-Taken": { $ref: "#/components/headers/X-Gaffer-Taken" } } } };
}

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
  "GET /streams/:target/stdin": {
    id: "readInputPosition",
    tag: "streams",
    summary: "How many bytes the stdin of a process has accepted",
    path: [oneProcess],
    answers: withTakenHeader(
      json(
        "`taken` is the number of bytes, and the `offset` of the next one. `closed`: nothing can be written any more.",
        {
          type: "object",
          required: ["taken", "closed"],
          properties: { taken: { type: "integer", minimum: 0 }, closed: { type: "boolean" } },
        },
        { taken: 5, closed: false },
      ),
    ),
    errors: ["bad_value", "forbidden_write", "not_found", "gone", "conflict"],
  },
  "POST /streams/:target/stdin": {
    id: "writeInput",
    tag: "streams",
    summary: "Write to the stdin of a process",
    description:
      "The body is written as it arrives. A body of at most 64 KiB with a `Content-Length` is never mixed with the body of another client. If the process does not read, the request waits, for up to the template's `stdin_timeout`. Every response about a process with stdin has `taken`, the number of bytes that its pipe has accepted; with `offset`, a client whose connection broke continues there.",
    path: [oneProcess],
    query: Object.values(inputParameters),
    body: {
      description: "Raw bytes. The `Content-Type` is ignored.",
      type: "application/octet-stream",
      schema: {},
      example: "hello",
    },
    answers: withTakenHeader(
      ok(
        "All bytes are in the pipe. `bytes` is the number that this request wrote, `taken` the number that all requests wrote.",
        { bytes: { type: "integer", minimum: 0 }, taken: { type: "integer", minimum: 0 } },
        { bytes: 5, taken: 5 },
      ),
    ),
    errors: ["bad_value", "forbidden_write", "not_found", "gone", "conflict", "overloaded"],
  },
  "GET /wstreams/:target": {
    id: "connect",
    tag: "streams",
    summary: "Connect a WebSocket to the stdin and an output of a process",
    description:
      'Each incoming message is written to stdin; an empty message closes stdin. Output is sent as it arrives, in text frames, or in binary frames if the client offers the subprotocol `binary`, the only supported one. Frames of the other type contain JSON: `{"event":"gap",…}`, `{"event":"exit",…}`, with `?taken=true` `{"taken":…}`, or an error. Close codes: 1000 the process has exited, 4404 the process or output does not exist, 4403 output or input is not redirected, 4409 the template has several processes, 1013 the process did not read stdin within `stdin_timeout`.',
    path: [oneProcess],
    query: Object.values(wstreamParameters),
    headers: [
      lastEventIdHeader,
      {
        name: "Sec-WebSocket-Protocol",
        description: "`binary`: send output in binary frames.",
        schema: { type: "string" },
        examples: ["binary"],
      },
    ],
    answers: { 101: { description: "The connection is now a WebSocket." } },
    errors: ["bad_value", "upgrade_required", "overloaded"],
    curl: {
      options:
        "-N -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='",
    },
  },
};
