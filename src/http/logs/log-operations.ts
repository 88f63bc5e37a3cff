import { feedHeadersDescription } from "../feed/feed-headers.ts";
import { lastEventIdHeader } from "../feed/feed-query.ts";
import type { ResponseObject } from "../operation/openapi-document.ts";
import { media, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";
import { label, templateName } from "../operation/path-parameters.ts";
import { logParameters } from "./log-query.ts";

const events = `event: stdout
data: first line
id: r5k2x_1_b_b

`;

const lines: Record<number, ResponseObject> = {
  200: {
    description:
      "The lines that match, as they are found. Output that is missing on disk is reported as a gap, with its size and the reason: in `text` as a line in square brackets, in `json` as a document with `gap`, in `eventsource` as an event `gap`. " +
      feedHeadersDescription,
    content: {
      "text/plain": media({ type: "string", description: "`format=text`: the lines." }, "first line\n"),
      "application/x-ndjson": media({
        description:
          "`format=json`: a document for each line or gap. A line whose document is longer than 60 KiB takes several.",
        anyOf: [ref("LogLine"), ref("LogGapLine")],
      }),
      "text/event-stream": {
        ...media({ type: "string", description: "`feed=eventsource`: server-sent events." }, events),
        "x-event-data": { "*": { anyOf: [{ type: "string" }, ref("LogLine")] }, gap: ref("LogGap") },
      },
    },
  },
};

const searching = {
  tag: "logs",
  query: Object.values(logParameters),
  headers: [lastEventIdHeader],
  answers: lines,
  errors: ["bad_value", "not_found", "overloaded"],
} as const satisfies Partial<OperationDescription>;

export const logOperations: OperationTable = {
  "GET /logs": {
    ...searching,
    id: "searchAllLogs",
    summary: "Search the output on disk of all templates, merged by time",
  },
  "GET /logs/:name": {
    ...searching,
    id: "searchLogs",
    summary: "Search the output on disk of a template",
    description:
      "Finds lines of templates with `output_keep`, also of processes that have exited, of earlier runs of gafferd, and of templates that were deleted. IDs are those of `/streams`: a reader can move from one to the other.",
    path: [templateName],
    curl: { query: "grep=error&limit=100" },
  },
  "GET /logs/:name/:label": {
    ...searching,
    id: "searchLog",
    summary: "Search one output on disk of a template",
    path: [templateName, label],
  },
};
