import type { ErrorCode } from "../../errors.ts";
import { bootParameter } from "./history-routes.ts";
import { listParameters } from "./process-routes.ts";
import {
  type BodyDescription,
  json,
  media,
  ok,
  okSaved,
  type OperationDescription,
  type OperationTable,
  ref,
} from "../operation/operation.ts";
import { pid, template, templateName, templateOrProcess } from "../operation/path-parameters.ts";

const tag = "templates";

const body: BodyDescription = {
  description: "A process template as JSON. The `Content-Type` is ignored.",
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
  description:
    "Settings that are missing from the body are reset to their defaults; `name` is optional. If the body is invalid, nothing changes.",
  path: [template],
  body: settings,
  answers: okSaved("The settings were replaced, and each process was replaced, one at a time."),
  errors: [...bodyErrors, "not_found", "conflict", "spawn_failed", "overloaded"],
} as const satisfies Partial<OperationDescription>;

function jsonOrIni(...[description, schema, example]: Parameters<typeof json>): ReturnType<typeof json> {
  const { 200: answer } = json(description, schema, example);
  const ini = media({ type: "string", description: "`format=ini`" }, "[process:clock]\ncmd = date\ncwd = /\n");
  return { 200: { ...answer, content: { ...answer.content, "text/plain": ini } } };
}

export const templateOperations: OperationTable = {
  "GET /processes": {
    id: "listProcesses",
    tag,
    summary: "List templates",
    query: Object.values(listParameters),
    answers: jsonOrIni(
      "The names of all templates in order of creation. With `running`, the pids of the running processes. With `detail`, a detail document for each template. With `format=ini`, a configuration file.",
      {
        anyOf: [
          { type: "array", items: { type: "string" } },
          { type: "array", items: { type: "integer" } },
          { type: "array", items: ref("TemplateDetail") },
        ],
      },
      ["web:api", "clock"],
    ),
    errors: ["bad_value", "invalid_config"],
  },
  "POST /processes": {
    id: "createTemplate",
    tag,
    summary: "Create and start a template",
    description:
      "The template is not started if `start` is false. If no process can be started, the template is not created. It is on disk before this responds, unless `persist` is false.",
    body,
    answers: okSaved(
      "The template was created and its processes were started. `pids` are their pids; some may have exited already.",
      { pids: { type: "array", items: { type: "integer" } } },
      { pids: [1] },
    ),
    errors: [...bodyErrors, "conflict", "spawn_failed", "overloaded"],
  },
  "GET /processes/:id": {
    id: "getProcess",
    tag,
    summary: "Get a template or a process",
    path: [templateOrProcess],
    answers: json("The settings in effect. For a pid, also the properties of the process.", {
      anyOf: [ref("ProcessDocument"), ref("TemplateDocument")],
    }),
    errors: ["bad_value", "not_found"],
  },
  "PUT /processes/:id": { id: "replaceTemplate", summary: "Replace the settings of a template", ...replace },
  "POST /processes/:id": {
    id: "updateTemplate",
    summary: "Replace the settings of a template (same as `PUT`)",
    ...replace,
  },
  "DELETE /processes/:id": {
    id: "deleteProcess",
    tag,
    summary: "Stop and delete a template, or stop a process",
    description: "If you stop a process by its pid, the template starts a replacement.",
    path: [templateOrProcess],
    answers: okSaved("The template was deleted, or the process has exited."),
    errors: ["bad_value", "not_found", "gone"],
  },
  "GET /processes/:id/_pids": {
    id: "listPids",
    tag,
    summary: "List the pids of a template",
    path: [template],
    answers: ok(
      "The pids of the running processes.",
      { pids: { type: "array", items: { type: "integer" } } },
      { pids: [1, 2] },
    ),
    errors: ["bad_value", "not_found"],
  },
  "GET /processes/:id/_history": {
    id: "listExits",
    tag,
    summary: "List the last exits of a template",
    path: [template],
    description:
      "The last 100 exits of the template, those of earlier runs of gafferd too; 5,000 of all templates are kept. If gafferd runs without its store, the last 1,000 of this run.",
    answers: ok(
      "The last exits, oldest first.",
      { history: { type: "array", items: ref("HistoryEntry") } },
      { history: [] },
    ),
    errors: ["bad_value", "not_found"],
  },
  "GET /processes/:id/_history/:pid": {
    id: "getExitReport",
    tag,
    summary: "Get the report of an exit",
    description:
      "Who or what ended the process, its last output, and what followed. It is complete when the process's output has ended and what it had started is gone, 2 seconds after the exit at the latest.",
    path: [template, pid],
    query: [bootParameter],
    answers: json("The report.", ref("ExitReport")),
    errors: ["bad_value", "not_found"],
  },
  "GET /status/:name": {
    id: "getStatus",
    tag,
    summary: "Get the status of a template",
    path: [templateName],
    answers: json("The current status.", ref("Status")),
    errors: ["bad_value", "not_found"],
  },
};
