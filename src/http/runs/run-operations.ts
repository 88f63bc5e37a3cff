import type { ErrorCode } from "../../errors.ts";
import { groupFlag } from "../processes/group-flag.ts";
import { feedHeadersDescription } from "../feed/feed-headers.ts";
import { lastEventIdHeader } from "../feed/feed-query.ts";
import {
  type BodyDescription,
  json,
  media,
  ok,
  type OperationDescription,
  type OperationTable,
  ref,
} from "../operation/operation.ts";
import type { ResponseObject } from "../operation/openapi-document.ts";
import type { Parameter } from "../operation/parameter.ts";
import { label, signal } from "../operation/path-parameters.ts";
import { outputParameters } from "../streams/output-query.ts";
import { streamOperations } from "../streams/stream-operations.ts";
import { listRunsParameters, readParameters, startParameters, stopParameters } from "./run-query.ts";

const tag = "runs";

const id: Parameter = {
  name: "id",
  description:
    "The ID of the run: up to 128 letters, digits and `_ . : @ + -`, beginning with a letter or a digit. Its caller chooses it.",
  schema: { type: "string", minLength: 1 },
  examples: ["build-42"],
};

const body: BodyDescription = {
  description: "What to run. The `Content-Type` is ignored.",
  type: "application/json",
  schema: ref("RunSettings"),
  example: { cmd: "echo hello; exit 3", shell: true, timeout: "10m" },
};

const events = `event: run
data: {"id":"build-42","pid":1,"os_pid":4711,"existing":false}
id: r5k2x_1_0_0

event: stdout
data: hello
id: r5k2x_1_2s_2s

event: exit
data: {"id":"build-42","pid":1,"os_pid":4711,"state":"exited","exit_status":3,"term_signal":null,"ended_by":"itself","reason":null,"started_at":"2026-01-31T12:00:00.000Z","exited_at":"2026-01-31T12:00:01.000Z","cpu_ms":1.5,"max_rss":null}
id: r5k2x_1_2t_2s

`;

/** The parameters of streams, without the one that both have. */
const { feed: _, ...feedOnly } = outputParameters;

const [output, followed] = [streamOperations["GET /streams/:target"]!, "GET /streams/:target/:label"] as const;
const outputAnswers = output.answers as Readonly<Record<number, ResponseObject>>;

/** A run as JSON, or its stream. */
function runAnswers(location: boolean): Record<number, ResponseObject> {
  const description = `The run. With \`feed=eventsource\` or \`feed=continuous\`, its output as it arrives.\n\n${feedHeadersDescription}`;
  const document = json(description, ref("Run"));
  const stream = outputAnswers[200];
  const streamed = {
    ...media({ type: "string", description: "`feed=eventsource`: server-sent events." }, events),
    "x-event-data": {
      "*": { anyOf: [{ type: "string" }, ref("Output")] },
      run: ref("RunBeginning"),
      gap: ref("OutputGap"),
      exit: ref("ListedRun"),
    },
  };
  return {
    200: {
      ...document[200],
      headers: {
        ...(stream?.headers?.["X-Gaffer-Gap"] && { "X-Gaffer-Gap": stream.headers["X-Gaffer-Gap"] }),
        ...(location && {
          Location: { description: "The path of the run: `/runs/:id`.", schema: { type: "string" } },
        }),
      },
      content: {
        ...document[200].content,
        "text/plain": media({ type: "string", description: "`feed=continuous`: the output." }),
        "application/x-ndjson": media({
          description: "`feed=continuous` with `format=json`: one line per piece of output or gap.",
          anyOf: [ref("Output"), { type: "object", required: ["gap"], properties: { gap: ref("OutputGap") } }],
        }),
        "text/event-stream": streamed,
      },
    },
  };
}

const bodyErrors = ["bad_value", "invalid_json", "invalid_process_info", "too_large"] as const satisfies ErrorCode[];
const startErrors = [
  ...bodyErrors,
  "spawn_failed",
  "overloaded",
  "io_not_redirected",
  "not_found",
] as const satisfies ErrorCode[];

const reading = {
  tag,
  query: output.query ?? [],
  headers: [lastEventIdHeader],
  answers: outputAnswers,
  curl: { options: "-N", query: "feed=eventsource" },
} as const satisfies Partial<OperationDescription>;

const ofStdin = (method: "GET" | "POST") => {
  const { id: __, path: ___, tag: ____, ...rest } = streamOperations[`${method} /streams/:target/stdin`]!;
  return rest;
};

export const runOperations: OperationTable = {
  "GET /runs": {
    id: "listRuns",
    tag,
    summary: "List runs",
    query: Object.values(listRunsParameters),
    answers: json("The runs that are kept, in the order in which they were started, without their output.", {
      type: "array",
      items: ref("ListedRun"),
    }),
    errors: ["bad_value"],
  },
  "POST /runs": {
    id: "createRun",
    tag,
    summary: "Start a run under a new ID",
    description:
      "Like `PUT /runs/:id`, with an ID that gafferd generates and returns in `Location`. A repeated request starts another run.",
    query: [...Object.values(startParameters), ...Object.values(feedOnly)],
    headers: [lastEventIdHeader],
    body,
    answers: runAnswers(true),
    errors: startErrors,
  },
  "PUT /runs/:id": {
    id: "run",
    tag,
    summary: "Start a run, or attach to it",
    description:
      "Starts a process once. The ID is on disk before the process is started. A repeated request with the same body attaches to the run, whether it has ended or not, and never starts it twice; one with another body is `409 conflict` and `field` names the first difference.",
    path: [id],
    query: [...Object.values(startParameters), ...Object.values(feedOnly)],
    headers: [lastEventIdHeader],
    body,
    answers: { ...runAnswers(false), 204: outputAnswers[204]! },
    errors: [...startErrors, "conflict", "gone"],
  },
  "GET /runs/:id": {
    id: "getRun",
    tag,
    summary: "Get a run, wait for its end, or follow it",
    description: "Never starts anything.",
    path: [id],
    query: [...Object.values(readParameters), ...Object.values(feedOnly)],
    headers: [lastEventIdHeader],
    answers: { ...runAnswers(false), 204: outputAnswers[204]! },
    errors: ["bad_value", "not_found", "io_not_redirected", "gone", "overloaded"],
  },
  "DELETE /runs/:id": {
    id: "deleteRun",
    tag,
    summary: "Stop a run and forget it",
    description: "Its ID can then be used again. The request can be repeated.",
    path: [id],
    answers: ok(
      "Nothing of the run is left. `existed`: whether there was a run with this ID.",
      { existed: { type: "boolean" } },
      { existed: true },
    ),
    errors: ["bad_value", "conflict"],
  },
  "GET /runs/:id/output": {
    ...reading,
    id: "readRunOutputs",
    summary: "Read all outputs of a run",
    path: [id],
    errors: [...(output.errors ?? []), "gone"],
  },
  "GET /runs/:id/output/:label": {
    ...reading,
    id: "readRunOutput",
    summary: "Read one output of a run",
    path: [id, label],
    errors: [...(streamOperations[followed]?.errors ?? []), "gone"],
  },
  "GET /runs/:id/stdin": {
    ...ofStdin("GET"),
    id: "readRunInputPosition",
    tag,
    summary: "How many bytes the stdin of a run has accepted",
    path: [id],
    errors: ["bad_value", "forbidden_write", "not_found", "gone"],
  },
  "POST /runs/:id/stdin": {
    ...ofStdin("POST"),
    id: "writeRunInput",
    tag,
    summary: "Write to the stdin of a run",
    path: [id],
  },
  "POST /runs/:id/_stop": {
    id: "stopRun",
    tag,
    summary: "Stop a run",
    description: "Sends the stop signal and, after `graceful_timeout`, SIGKILL. Does nothing if the run has ended.",
    path: [id],
    query: Object.values(stopParameters),
    answers: json("Nothing of the run is running any more.", ref("Run")),
    errors: ["bad_value", "not_found"],
  },
  "POST /runs/:id/_signal/:sig": {
    id: "signalRun",
    tag,
    summary: "Send a signal to a run",
    path: [id, signal],
    query: [groupFlag],
    answers: ok("The signal was sent."),
    errors: ["bad_value", "not_found", "gone"],
  },
};
