import type { ErrorCode } from "../../errors.ts";
import { listParameters } from "./process-routes.ts";
import {
  type BodyDescription,
  json,
  ok,
  type OperationDescription,
  type OperationTable,
  ref,
} from "../operation/operation.ts";
import { template, templateName, templateOrProcess } from "../operation/path-parameters.ts";

const tag = "templates";

const body: BodyDescription = {
  description: "JSON, whatever the `Content-Type` says.",
  type: "application/json",
  schema: ref("ProcessTemplate"),
  example: { name: "clock", cmd: "while date; do sleep 1; done", shell: true, redirect_output: ["out"] },
};
const settings: BodyDescription = {
  ...body,
  schema: ref("TemplateSettings"),
  example: { cmd: "echo ready; cat", shell: true, redirect_output: ["stdout", "stderr"], redirect_input: true },
};
const bodyErrors = ["bad_value", "invalid_json", "invalid_process_info", "too_large"] as const satisfies ErrorCode[];

const replace = {
  tag,
  description: "What the body leaves out takes its default; `name` may be left out. A bad body changes nothing.",
  path: [template],
  body: settings,
  answers: ok("It is replaced, and so is, one by one, each of its processes."),
  errors: [...bodyErrors, "not_found", "conflict", "spawn_failed", "overloaded"],
} as const satisfies Partial<OperationDescription>;

export const templateOperations: OperationTable = {
  "GET /processes": {
    id: "listProcesses",
    tag,
    summary: "All templates",
    query: [listParameters.running, listParameters.detail],
    answers: json(
      "The names of the templates in the order of creation, the pids that run, or what `detail` asks for.",
      {
        anyOf: [
          { type: "array", items: { type: "string" } },
          { type: "array", items: { type: "integer" } },
          { type: "array", items: ref("TemplateDetail") },
        ],
      },
      ["web:api", "clock"],
    ),
    errors: ["bad_value"],
  },
  "POST /processes": {
    id: "createTemplate",
    tag,
    summary: "Create a template and start it",
    description: "Unless `start` is false. When it cannot be spawned at all, no template is left behind.",
    body,
    answers: ok(
      "It is created, and its processes were started: these are their pids, which may have exited by now.",
      { pids: { type: "array", items: { type: "integer" } } },
      { pids: [1] },
    ),
    errors: [...bodyErrors, "conflict", "spawn_failed", "overloaded"],
  },
  "GET /processes/:id": {
    id: "getProcess",
    tag,
    summary: "A template, or a process",
    path: [templateOrProcess],
    answers: json("The settings in force; for a pid with what is the process's own.", {
      anyOf: [ref("ProcessDocument"), ref("TemplateDocument")],
    }),
    errors: ["bad_value", "not_found"],
  },
  "PUT /processes/:id": { id: "replaceTemplate", summary: "Replace a template's settings", ...replace },
  "POST /processes/:id": { id: "updateTemplate", summary: "The same as `PUT`", ...replace },
  "DELETE /processes/:id": {
    id: "deleteProcess",
    tag,
    summary: "Stop and forget a template, or stop a process",
    description: "A process that is stopped is replaced by its template.",
    path: [templateOrProcess],
    answers: ok("Nothing of it is left."),
    errors: ["bad_value", "not_found", "gone"],
  },
  "GET /processes/:id/_pids": {
    id: "listPids",
    tag,
    summary: "The processes of a template that run",
    path: [template],
    answers: ok("Their pids.", { pids: { type: "array", items: { type: "integer" } } }, { pids: [1, 2] }),
    errors: ["bad_value", "not_found"],
  },
  "GET /processes/:id/_history": {
    id: "listExits",
    tag,
    summary: "The last exits of a template",
    path: [template],
    answers: ok("Oldest first.", { history: { type: "array", items: ref("Exit") } }, { history: [] }),
    errors: ["bad_value", "not_found"],
  },
  "GET /status/:name": {
    id: "getStatus",
    tag,
    summary: "How a template stands",
    path: [templateName],
    answers: json("At this moment.", ref("Status")),
    errors: ["bad_value", "not_found"],
  },
};
