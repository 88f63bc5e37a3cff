import { groupFlag } from "./group-flag.ts";
import { spawnFirst } from "./spawn-first.ts";
import { json, ok, okSaved, type OperationDescription, type OperationTable } from "../operation/operation.ts";
import { amount, group, signal, template, templateOrProcess } from "../operation/path-parameters.ts";

const actions = { tag: "actions", path: [template] } as const satisfies Partial<OperationDescription>;
const startErrors = ["bad_value", "not_found", "conflict", "overloaded"] as const;
const scaled = (description: string) =>
  okSaved(description, { numprocesses: { type: "integer", minimum: 0 } }, { numprocesses: 3 });

const groups = { tag: "groups", path: [group] } as const satisfies Partial<OperationDescription>;
const names = { type: "array", items: { type: "string" } };
const partialFailure =
  "If the operation fails for some templates, it still runs for the others, and `failed` lists the templates that failed.";

/** Actions on templates, processes and groups. */
export const actionOperations: OperationTable = {
  "POST /processes/:id/_start": {
    ...actions,
    id: "startTemplate",
    summary: "Start a template",
    answers: okSaved("The template and its processes were started."),
    errors: [...startErrors, "spawn_failed"],
  },
  "POST /processes/:id/_stop": {
    ...actions,
    id: "stopProcess",
    summary: "Stop a template or a process",
    description: "If you stop a process by its pid, the template starts a replacement.",
    path: [templateOrProcess],
    answers: okSaved("The processes have exited."),
    errors: ["bad_value", "not_found", "gone"],
  },
  "POST /processes/:id/_restart": {
    ...actions,
    id: "restartTemplate",
    summary: "Restart a template, one process at a time",
    description:
      "Stops a process, waits for its exit, and starts its replacement; then the next one. A stopped template is started.",
    query: [spawnFirst],
    answers: okSaved("All processes were replaced."),
    errors: [...startErrors, "spawn_failed"],
  },
  "POST /processes/:id/_add": {
    ...actions,
    id: "addProcess",
    summary: "Add one process",
    answers: scaled("The new number of processes of the template."),
    errors: startErrors,
  },
  "POST /processes/:id/_add/:n": {
    ...actions,
    id: "addProcesses",
    summary: "Add several processes",
    path: [template, amount],
    answers: scaled("The new number of processes of the template."),
    errors: startErrors,
  },
  "POST /processes/:id/_sub": {
    ...actions,
    id: "subtractProcess",
    summary: "Remove one process",
    answers: scaled("The new number of processes, at least 0. The surplus process has exited."),
    errors: startErrors,
  },
  "POST /processes/:id/_sub/:n": {
    ...actions,
    id: "subtractProcesses",
    summary: "Remove several processes",
    path: [template, amount],
    answers: scaled("The new number of processes, at least 0. The surplus processes have exited."),
    errors: startErrors,
  },
  "POST /processes/:id/_signal": {
    ...actions,
    id: "signalNothing",
    summary: "Reject a request that names no signal",
    path: [templateOrProcess],
    answers: {},
    errors: ["bad_value", "no_signal_number", "not_found", "gone"],
  },
  "POST /processes/:id/_signal/:sig": {
    ...actions,
    id: "signalProcess",
    summary: "Send a signal to a process, or to all processes of a template",
    description: "Child processes do not get the signal, unless `group` is true.",
    query: [groupFlag],
    path: [templateOrProcess, signal],
    answers: ok("The signal was sent."),
    errors: ["bad_value", "not_found", "gone"],
  },
  "GET /groups": {
    id: "listGroups",
    tag: "groups",
    summary: "List groups",
    answers: json("The names of the groups.", names, ["web"]),
  },
  "GET /groups/:group": {
    ...groups,
    id: "getGroup",
    summary: "List the templates of a group",
    answers: json("The names of the templates, in order of creation.", names, ["web:api", "web:worker"]),
    errors: ["bad_value", "not_found"],
  },
  "POST /groups/:group/_start": {
    ...groups,
    id: "startGroup",
    summary: "Start the templates of a group",
    description: partialFailure,
    answers: okSaved("The templates and their processes were started."),
    errors: [...startErrors, "spawn_failed"],
  },
  "POST /groups/:group/_stop": {
    ...groups,
    id: "stopGroup",
    summary: "Stop the templates of a group",
    description: partialFailure,
    answers: okSaved("The processes of all templates have exited."),
    errors: ["bad_value", "not_found"],
  },
  "POST /groups/:group/_restart": {
    ...groups,
    id: "restartGroup",
    summary: "Restart the templates of a group",
    description: `Replaces the processes of each template one at a time. ${partialFailure}`,
    query: [spawnFirst],
    answers: okSaved("All processes were replaced."),
    errors: [...startErrors, "spawn_failed"],
  },
  "DELETE /groups/:group": {
    ...groups,
    id: "deleteGroup",
    summary: "Stop and delete the templates of a group",
    description: partialFailure,
    answers: okSaved("The templates were deleted."),
    errors: ["bad_value", "not_found"],
  },
};
